import pDefer from 'p-defer';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { parseAuthHeader } from '../../../edge-node/signaling/auth/auth-params.ts';
import { digestResponse } from '../../../edge-node/signaling/auth/digest.ts';
import { connectSipServer } from '../../../edge-node/signaling/drachtio/link.ts';
import type { Dialog, DialRequest, SipHandlers } from '../../../edge-node/signaling/sip.ts';
import { onDrachtio, type ServerUnderTest, serverUnderTest } from '../../local/sip/server-under-test.ts';
import { fresh, type Heard, SipPeer, sdp } from '../../local/sip/sip-peer.ts';

/* These stories run on a real drachtio-server, too, when DRACHTIO_BIN names its program. */

const linkTo = ({ admin, secret }: ServerUnderTest, handlers: Partial<SipHandlers> = {}) =>
  connectSipServer(
    { ...admin, secret },
    {
      ...{ screen: () => 'pass', onRegister: () => {}, onMalformed: () => {}, onInvite: () => {} },
      ...{ onOptions: () => ({ status: 200, headers: {} }), onLinkDown: () => {} },
      ...handlers,
    },
    pino({ level: 'silent' }),
  );

const account = { username: 'trunkline', password: 'hunter2-4711' };

const toBob = (port: number, more: Partial<DialRequest> = {}): DialRequest => ({
  ...{ uri: `sip:bob@127.0.0.1:${port}`, sdp: sdp(), headers: {}, onProvisional: () => {} },
  from: { uri: 'sip:alice@192.0.2.1', number: 'alice' },
  credentials: async () => account,
  ...more,
});

const asks = (nonce = 'n1', more = '') => ({
  headers: [
    `WWW-Authenticate: Digest realm="carrier", nonce="${nonce}", algorithm=SHA-256, qop="auth"${more}`,
  ],
});

/** The request with this nonce: what was sent before may come a second time on a busy machine. */
const withNonce = (carrier: SipPeer, method: string, nonce: string) =>
  carrier.until(
    ({ startLine, header }) =>
      startLine.startsWith(method) &&
      `${header('authorization')}${header('proxy-authorization')}`.includes(`nonce="${nonce}"`),
  );

const sequenceOf = (request: Heard) => Number.parseInt(request.header('cseq'), 10);

/** The digest of a request, checked as the carrier would. */
function proofIn(request: Heard, header = 'authorization') {
  const params = parseAuthHeader(request.header(header))?.[0]?.params;
  const get = (name: string) => params?.get(name) ?? '';
  const [method = '', uri] = request.startLine.split(' ');
  const protection = { qop: 'auth', nc: get('nc'), cnonce: get('cnonce') } as const;
  const input = { ...account, method, uri: get('uri'), realm: get('realm'), nonce: get('nonce'), protection };
  const expected = digestResponse({ ...input, algorithm: 'SHA-256', session: false });
  return { right: get('response') === expected && get('uri') === uri, nonce: get('nonce'), nc: get('nc') };
}

const optionsTo = ({ port }: SipPeer) => ({
  ...{ method: 'OPTIONS', uri: `sip:127.0.0.1:${port}`, timeoutMs: 5_000 },
});

describe('an INVITE that is challenged', () => {
  test.each([
    ['401 Unauthorized', 'WWW-Authenticate', 'authorization'],
    ['407 Proxy Authentication Required', 'Proxy-Authenticate', 'proxy-authorization'],
  ])(
    'with %s is sent again with credentials: same Call-ID and tag, next CSeq',
    async (status, asked, answered) => {
      await using server = await serverUnderTest();
      await using link = await linkTo(server);
      await using carrier = await SipPeer.udp(server.sipPort);
      const call = link.dial(toBob(carrier.port));
      const first = await carrier.next(/^INVITE/);
      const headers = asks().headers.map((header) => header.replace('WWW-Authenticate', asked));
      carrier.reply(first, status, { headers });
      await carrier.next(/^ACK/);
      const second = await carrier.next(/^INVITE/);
      expect(first.header(answered)).toBe('');
      expect(proofIn(second, answered)).toMatchObject({ right: true, nonce: 'n1', nc: '00000001' });
      expect(second.header('call-id')).toBe(first.header('call-id'));
      expect(second.header('from')).toBe(first.header('from'));
      expect(second.header('contact')).toBe(first.header('contact'));
      expect(second.header('to')).not.toContain('tag=');
      expect(sequenceOf(second)).toBe(sequenceOf(first) + 1);
      expect(second.body).toBe(first.body);
      carrier.reply(second, '200 OK', { body: sdp(4002) });
      expect(await call.result).toMatchObject({ kind: 'answered' });
      expect(sequenceOf(await carrier.next(/^ACK/))).toBe(sequenceOf(second));
    },
  );

  test('sends credentials ahead in its dialog, and again where the nonce is another one by then', async () => {
    await using server = await serverUnderTest();
    await using link = await linkTo(server);
    await using carrier = await SipPeer.udp(server.sipPort);
    const call = link.dial(toBob(carrier.port));
    carrier.reply(await carrier.next(/^INVITE/), '401 Unauthorized', asks());
    const invite = await withNonce(carrier, 'INVITE', 'n1');
    carrier.reply(invite, '200 OK', { body: sdp(4002) });
    const answer = await call.result;
    if (answer.kind !== 'answered') throw new Error(answer.detail);
    const dialog = await answer.accept();

    const info = dialog.info('application/dtmf-relay', 'Signal=1\r\nDuration=100\r\n');
    const asked = await withNonce(carrier, 'INFO', 'n1');
    expect(proofIn(asked)).toMatchObject({ right: true, nonce: 'n1', nc: '00000002' });
    carrier.reply(asked, '401 Unauthorized', asks('n2'));
    const again = await withNonce(carrier, 'INFO', 'n2');
    expect(proofIn(again)).toMatchObject({ right: true, nonce: 'n2', nc: '00000001' });
    expect(again.body).toBe(asked.body);
    carrier.reply(again, '200 OK');
    expect(await info).toBe(200);

    const gone = dialog.bye({ Reason: 'SIP;cause=200' });
    const bye = await withNonce(carrier, 'BYE', 'n2');
    expect(proofIn(bye)).toMatchObject({ right: true, nonce: 'n2', nc: '00000002' });
    carrier.reply(bye, '401 Unauthorized', asks('n3'));
    const last = await withNonce(carrier, 'BYE', 'n3');
    expect(proofIn(last)).toMatchObject({ right: true, nonce: 'n3' });
    expect(last.header('reason')).toBe('SIP;cause=200');
    carrier.reply(last, '200 OK');
    await gone;
  });

  test('is answered once more where the nonce is stale, and fails where the password is refused', async () => {
    await using server = await serverUnderTest();
    await using link = await linkTo(server);
    await using carrier = await SipPeer.udp(server.sipPort);
    const call = link.dial(toBob(carrier.port));
    carrier.reply(await carrier.next(/^INVITE/), '401 Unauthorized', asks('n1'));
    carrier.reply(await withNonce(carrier, 'INVITE', 'n1'), '401 Unauthorized', asks('n2', ', stale=true'));
    const third = await withNonce(carrier, 'INVITE', 'n2');
    expect(proofIn(third)).toMatchObject({ right: true, nonce: 'n2' });
    carrier.reply(third, '401 Unauthorized', asks('n3'));
    expect(await call.result).toEqual({
      ...{ kind: 'failed', status: 401 },
      detail: 'challenged with 401: realm "carrier" does not accept user "trunkline"',
    });
  });

  const missing = 'trunks.carrier.authentication.out.password: secret "trunkline/carrier" cannot be read';
  const other: Partial<DialRequest> = { credentials: async () => ({ ...account, realm: 'other' }) };
  const unreadable: Partial<DialRequest> = { credentials: () => Promise.reject(new Error(missing)) };
  test.each([
    ['with an algorithm that we do not know', {}, ', algorithm=SHA-1', 'its challenge cannot be read'],
    ['for another realm', other, '', 'it asks for realm "carrier", we have credentials for realm "other"'],
    ['and has no credentials', { credentials: undefined }, '', 'there are no credentials'],
    ['and whose password is missing', unreadable, '', missing],
  ])('%s fails with its 401 and says why', async (_name, request, more, why) => {
    await using server = await serverUnderTest();
    await using link = await linkTo(server);
    await using carrier = await SipPeer.udp(server.sipPort);
    const call = link.dial(toBob(carrier.port, request));
    carrier.reply(await carrier.next(/^INVITE/), '401 Unauthorized', asks('n1', more));
    expect(await call.result).toEqual({ kind: 'failed', status: 401, detail: `challenged with 401: ${why}` });
  });

  test('and is cancelled while its password is read is not sent again', async () => {
    await using server = await serverUnderTest();
    await using link = await linkTo(server);
    await using carrier = await SipPeer.udp(server.sipPort);
    const [asked, password] = [pDefer<void>(), pDefer<typeof account>()];
    const credentials = () => {
      asked.resolve();
      return password.promise;
    };
    const call = link.dial(toBob(carrier.port, { credentials }));
    carrier.reply(await carrier.next(/^INVITE/), '401 Unauthorized', asks());
    await asked.promise;
    call.cancel();
    password.resolve(account);
    expect(await call.result).toMatchObject({ kind: 'failed', status: 487 });
    const probe = link.request(optionsTo(carrier));
    carrier.reply(await carrier.next(/^OPTIONS/), '200 OK');
    await probe;
    const invites = carrier.heard.filter(({ startLine }) => startLine.startsWith('INVITE'));
    expect(invites.filter(({ header }) => header('authorization') !== '')).toEqual([]);
  });

  test('is cancelled as the INVITE that is on its way now', async () => {
    await using server = await serverUnderTest();
    await using link = await linkTo(server);
    await using carrier = await SipPeer.udp(server.sipPort);
    const call = link.dial(toBob(carrier.port));
    carrier.reply(await carrier.next(/^INVITE/), '401 Unauthorized', asks());
    const second = await withNonce(carrier, 'INVITE', 'n1');
    carrier.reply(second, '180 Ringing');
    call.cancel();
    const cancel = await carrier.next(/^CANCEL/);
    expect(sequenceOf(cancel)).toBe(sequenceOf(second));
    carrier.reply(cancel, '200 OK');
    carrier.reply(second, '487 Request Terminated');
    expect(await call.result).toMatchObject({ kind: 'failed', status: 487 });
  });
});

describe('a request outside a call', () => {
  test.each(['OPTIONS', 'REGISTER'])('is sent again with credentials: %s', async (method) => {
    await using server = await serverUnderTest();
    await using link = await linkTo(server);
    await using carrier = await SipPeer.udp(server.sipPort);
    const uri = `sip:127.0.0.1:${carrier.port}`;
    const heard = link.request({ method, uri, timeoutMs: 5_000, credentials: async () => account });
    const first = await carrier.next(new RegExp(`^${method}`));
    carrier.reply(first, '401 Unauthorized', asks());
    const second = await withNonce(carrier, method, 'n1');
    expect(proofIn(second)).toMatchObject({ right: true });
    expect(second.header('call-id')).toBe(first.header('call-id'));
    expect(sequenceOf(second)).toBe(sequenceOf(first) + 1);
    carrier.reply(second, '200 OK', { headers: ['X-Said: yes'] });
    const response = await heard;
    expect(response).toMatchObject({ status: 200 });
    expect(response?.header('x-said')).toBe('yes');
  });

  test('is a probe: what counts is the answer after the challenge', async () => {
    await using server = await serverUnderTest();
    await using link = await linkTo(server);
    await using carrier = await SipPeer.udp(server.sipPort);
    const heard = link.request({ ...optionsTo(carrier), credentials: async () => account });
    carrier.reply(await carrier.next(/^OPTIONS/), '401 Unauthorized', asks());
    carrier.reply(await withNonce(carrier, 'OPTIONS', 'n1'), '204 No Notification');
    expect(await heard).toMatchObject({ status: 204 });
  });

  test('that is refused says why, and one that nobody answers is undefined', async () => {
    await using server = await serverUnderTest();
    await using link = await linkTo(server);
    await using carrier = await SipPeer.udp(server.sipPort);
    const request = { method: 'REGISTER', uri: `sip:127.0.0.1:${carrier.port}`, timeoutMs: 5_000 };
    const heard = link.request(request);
    carrier.reply(await carrier.next(/^REGISTER/), '401 Unauthorized', asks());
    expect(await heard).toMatchObject({
      status: 401,
      detail: 'challenged with 401: there are no credentials',
    });
    expect(await link.request({ ...request, timeoutMs: 50 })).toBeUndefined();
    const nobody = { ...request, uri: 'sip:127.0.0.1:1;transport=tcp' };
    expect(await link.request(nobody)).toMatchObject({
      unheard: true,
      detail: expect.stringMatching(onDrachtio ? /^nobody can be reached there$/ : /^tcp .*ECONNREFUSED/),
    });
  });
});

test('a caller that challenges our BYE hears it again with credentials', async () => {
  await using server = await serverUnderTest();
  const dialog = pDefer<Dialog>();
  await using _link = await linkTo(server, {
    onInvite: (invite) => dialog.resolve(invite.answer(sdp(4002), async () => account)),
  });
  await using caller = await SipPeer.udp(server.sipPort);
  const request = { body: sdp(), callId: fresh('challenging-') };
  caller.send(caller.request('INVITE', server.sipPort, request));
  const { header } = await caller.next(/^SIP\/2.0 200/);
  caller.send(caller.request('ACK', server.sipPort, { callId: request.callId, to: header('to') }));
  const gone = (await dialog.promise).bye();
  caller.reply(await caller.next(/^BYE/), '401 Unauthorized', asks());
  const again = await withNonce(caller, 'BYE', 'n1');
  expect(proofIn(again)).toMatchObject({ right: true });
  caller.reply(again, '200 OK');
  await gone;
});

test('a caller is challenged with a header for each algorithm', async () => {
  await using server = await serverUnderTest();
  const challenges = [
    'Digest realm="us", nonce="n", algorithm=SHA-256, qop="auth"',
    'Digest realm="us", nonce="n"',
  ];
  await using _link = await linkTo(server, {
    onInvite: (invite) => invite.refuse(401, { 'WWW-Authenticate': challenges }),
  });
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  const refused = await caller.next(/^SIP\/2.0 401/);
  expect(refused.text.match(/^www-authenticate: .*$/gim)).toEqual(
    challenges.map((each) => expect.stringContaining(each)),
  );
});
