import { describe, expect, test } from 'vitest';
import { DigestClient } from '../../../../edge-node/signaling/auth/answer-challenge.ts';
import { parseAuthHeader } from '../../../../edge-node/signaling/auth/auth-params.ts';
import { digestResponse } from '../../../../edge-node/signaling/auth/digest.ts';

const account = { username: 'trunkline', password: 'hunter2-not-in-hexadecimal' };
const invite = { method: 'INVITE', uri: 'sip:+15550100@192.0.2.1' };
const challenge = (text: string, status = 401) => ({
  status,
  get: (name: string) =>
    name === (status === 401 ? 'www-authenticate' : 'proxy-authenticate') ? text : undefined,
});
const one = (more = '') => `Digest realm="carrier", nonce="n1", qop="auth"${more}`;

/** The parameters of what is sent after this challenge. */
function sentAfter(text: string, status = 401) {
  const answer = new DigestClient(account).begin(invite).answer(challenge(text, status));
  if (!answer.ok) return answer.detail;
  const header = answer.headers[status === 401 ? 'Authorization' : 'Proxy-Authorization'] ?? '';
  return Object.fromEntries(parseAuthHeader(header)?.[0]?.params ?? []);
}

const detailOf = (answer: { ok: boolean; detail?: string }) => answer.detail;

describe('a challenge', () => {
  test('is answered with a digest of the request, and never with the password', () => {
    const sent = sentAfter(one(', algorithm=SHA-256, opaque="o"'));
    expect(sent).toMatchObject({
      ...{ username: 'trunkline', realm: 'carrier', nonce: 'n1', uri: invite.uri, opaque: 'o' },
      ...{ algorithm: 'SHA-256', qop: 'auth', nc: '00000001' },
    });
    const { nc, cnonce, response } = sent as Record<string, string>;
    const protection = { qop: 'auth', nc: String(nc), cnonce: String(cnonce) } as const;
    const input = { ...account, ...invite, realm: 'carrier', nonce: 'n1', protection } as const;
    expect(response).toBe(digestResponse({ ...input, algorithm: 'SHA-256', session: false }));
    expect(JSON.stringify(sent)).not.toContain('not-in-hexadecimal');
  });

  test('of a proxy is answered as such', () => {
    expect(sentAfter(one(), 407)).toMatchObject({ realm: 'carrier' });
  });

  test.each([
    [`${one(', algorithm=MD5')}, ${one(', algorithm=SHA-256')}`, 'SHA-256'],
    [`${one(', algorithm=SHA-256')}, ${one(', algorithm=SHA-512-256')}, ${one()}`, 'SHA-512-256'],
    [`${one(', algorithm=SHA-9')}, ${one(', algorithm=md5')}`, 'md5'],
    [one(', algorithm=MD5-sess'), 'MD5-sess'],
    [one(), undefined],
  ])('%# with several algorithms is answered with the strongest that we know', (text, algorithm) => {
    const sent = sentAfter(text) as Record<string, string>;
    expect(sent['algorithm']).toBe(algorithm);
    expect(sent['response']).toHaveLength(algorithm?.includes('SHA') ? 64 : 32);
  });

  test('without qop is answered as before RFC 2617', () => {
    const sent = sentAfter('Digest realm="carrier", nonce="n1"');
    expect(sent).not.toHaveProperty('qop');
    expect(sent).not.toHaveProperty('nc');
  });

  test.each([
    ['', 'challenged with 401: its challenge is no digest'],
    ['Digest realm="a', 'challenged with 401: its challenge cannot be read'],
    ['Basic realm="a"', 'challenged with 401: its challenge is no digest'],
    ['Digest realm="a", nonce=""', 'challenged with 401: its challenge is no digest'],
    [one(', algorithm=SHA-1'), 'challenged with 401: we do not know its algorithm "SHA-1" with qop "auth"'],
    [
      'Digest realm="a", nonce="n", qop="auth-int"',
      'challenged with 401: we do not know its algorithm "" with qop "auth-int"',
    ],
  ])('that cannot be answered is told in words: %j', (text, detail) => {
    expect(sentAfter(text)).toBe(detail);
  });

  test('without any header is told', () => {
    const answer = new DigestClient(account).begin(invite).answer({ status: 407, get: () => undefined });
    expect(detailOf(answer)).toBe('challenged with 407: it has no challenge');
  });

  test('for another realm than that of the credentials is not answered', () => {
    const answer = new DigestClient({ ...account, realm: 'ours' }).begin(invite).answer(challenge(one()));
    expect(detailOf(answer)).toBe(
      'challenged with 401: it asks for realm "carrier", we have credentials for realm "ours"',
    );
  });

  test('that comes again is a refusal of who we are', () => {
    const request = new DigestClient(account).begin(invite);
    expect(request.answer(challenge(one())).ok).toBe(true);
    const again = request.answer(challenge('Digest realm="carrier", nonce="n2", qop="auth"'));
    expect(detailOf(again)).toBe('challenged with 401: realm "carrier" does not accept user "trunkline"');
  });

  test('that comes again because the nonce is stale is answered once more, and no third time', () => {
    const request = new DigestClient(account).begin(invite);
    const stale = (nonce: string) => challenge(`Digest realm="carrier", nonce="${nonce}", stale=TRUE`);
    expect(request.answer(challenge(one())).ok).toBe(true);
    expect(request.answer(stale('n2')).ok).toBe(true);
    expect(detailOf(request.answer(stale('n3')))).toBe(
      'challenged with 401: realm "carrier" calls one nonce after the other stale',
    );
  });

  test('that calls the same nonce stale is a refusal', () => {
    const request = new DigestClient(account).begin(invite);
    request.answer(challenge(one()));
    expect(request.answer(challenge(one(', stale=true'))).ok).toBe(false);
  });

  test('of a proxy and of the server behind it are both answered', () => {
    const request = new DigestClient(account).begin(invite);
    request.answer(challenge(one(), 407));
    const answer = request.answer(challenge('Digest realm="inner", nonce="n9", qop="auth"'));
    expect(answer.ok && Object.keys(answer.headers).sort()).toEqual(['Authorization', 'Proxy-Authorization']);
  });

  test('is answered ahead for the next request, with the next count', () => {
    const client = new DigestClient(account);
    expect(client.begin(invite).headers()).toEqual({});
    client.begin(invite).answer(challenge(one()));
    const bye = client.begin({ method: 'BYE', uri: 'sip:gw@192.0.2.1' });
    expect(bye.headers()['Authorization']).toMatch(/nonce="n1", uri="sip:gw@192.0.2.1".*nc=00000002/);
    // Whether the server still knows the nonce is not ours to say: it may ask anew.
    expect(bye.answer(challenge('Digest realm="carrier", nonce="n2", qop="auth"')).ok).toBe(true);
  });
});
