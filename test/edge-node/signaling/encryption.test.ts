import { describe, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../../contracts/config.ts';
import { FakeInvite, sdpOf, stage, twoTargets } from './stage.ts';

const key = 'inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz';
const withSrtp = (sdp: string) =>
  `${sdp.replace('RTP/AVP', 'RTP/SAVP')}a=crypto:1 AES_CM_128_HMAC_SHA1_80 ${key}\r\n`;
const secure = withSrtp(sdpOf());

const carrier = (encryption: 'required' | 'preferred' | 'off'): RoutingConfigInput => ({
  ...twoTargets,
  trunks: { carrier: { sources: ['192.0.2.0/24'], encryption } },
});
const agent = (
  encryption: 'required' | 'preferred' | 'off',
  keying: 'sdes' | 'dtls' = 'sdes',
): RoutingConfigInput => ({
  ...twoTargets,
  agents: { echo: { targets: twoTargets.agents['echo']?.targets ?? [], encryption, keying } },
});

describe('a caller on a trunk', () => {
  test('that demands SRTP is refused with 488 when it offers none, and no target is called', async () => {
    const s = stage({ config: carrier('required') });
    const alice = s.invite();
    await s.settled();
    expect(alice.told).toEqual(['488']);
    expect(s.attempts).toEqual([]);
    expect(s.event('call.ended')).toMatchObject({ reason: 'encryption-required', blame: 'caller' });
  });

  test('that demands SRTP is not satisfied by keys beside plain RTP', async () => {
    const s = stage({ config: carrier('required') });
    const alice = s.invite(new FakeInvite({ sdp: secure.replace('RTP/SAVP', 'RTP/AVP') }));
    await s.settled();
    expect(alice.told).toEqual(['488']);
  });

  test.each(['required', 'preferred', 'off'] as const)('that says %s takes SRTP', async (encryption) => {
    const s = stage({ config: carrier(encryption) });
    const alice = s.invite(new FakeInvite({ sdp: secure }));
    await s.settled();
    s.attempt(0).answers();
    await s.settled();
    expect(alice.told).toEqual(['200']);
    expect(s.event('call.received').offer).toMatchObject({ encrypted: true });
  });

  test.each(['preferred', 'off'] as const)('that says %s takes plain RTP too', async (encryption) => {
    const s = stage({ config: carrier(encryption) });
    const alice = s.invite();
    await s.settled();
    s.attempt(0).answers();
    await s.settled();
    expect(alice.told).toEqual(['200']);
  });

  test('that demands SRTP and makes no offer is offered SRTP, and hung up on when its ACK takes none', async () => {
    const s = stage({ config: carrier('required') });
    const alice = s.invite(new FakeInvite({ late: true }));
    await s.settled();
    s.attempt(0).answers();
    await s.settled();
    expect(s.media.offers).toMatchObject([{ from: 'b', keying: 'sdes' }]);
    alice.dialog.ack.resolve(sdpOf());
    await s.settled();
    expect(s.event('call.ended')).toMatchObject({ reason: 'encryption-required' });
    expect(s.attempt(0).dialog.byes).toHaveLength(1);
  });
});

describe('a target', () => {
  test('of which nothing is demanded is offered plain RTP', async () => {
    const s = stage();
    s.invite();
    await s.settled();
    expect(s.media.offers).toMatchObject([{ from: 'a' }]);
    expect(s.media.offers[0]?.keying).toBeUndefined();
  });

  test('that must encrypt is offered SRTP with the keying of its configuration, and its answer with keys is taken', async () => {
    const s = stage({ config: agent('required', 'dtls') });
    const alice = s.invite();
    await s.settled();
    expect(s.media.offers).toMatchObject([{ keying: 'dtls' }]);
    s.attempt(0).answers(secure.replace(/a=crypto.*/, 'a=fingerprint:sha-256 AB:CD'));
    await s.settled();
    expect(alice.told).toEqual(['200']);
  });

  test('that must encrypt and answers without keys is hung up on, and the next one is called', async () => {
    const s = stage({ config: agent('required') });
    s.invite();
    await s.settled();
    s.attempt(0).answers();
    await s.settled();
    expect(s.attempt(0).dialog.byes).toHaveLength(1);
    expect(s.event('call.attempt-failed')).toMatchObject({ reason: 'target-bad-media', tryingNext: true });
    expect(s.attempt(1).request.uri).toContain('second');
    s.attempt(1).answers(secure);
    await s.settled();
    expect(s.types()).toContain('call.answered');
  });

  test('that must encrypt is not heard before the answer while it plays in the clear', async () => {
    const s = stage({ config: agent('required') });
    const alice = s.invite();
    await s.settled();
    s.attempt(0).playsEarlyMedia();
    await s.settled();
    expect(alice.told).toEqual(['180']);
    s.attempt(0).playsEarlyMedia(secure);
    await s.settled();
    expect(alice.told).toEqual(['180', '183 with SDP']);
  });

  test('that must encrypt and refuses SRTP is not called without', async () => {
    const s = stage({ config: agent('required') });
    s.invite();
    await s.settled();
    s.attempt(0).fails(488);
    await s.settled();
    expect(s.attempt(1).request.uri).toContain('second');
    expect(s.media.offers.map(({ keying }) => keying)).toEqual(['sdes', 'sdes']);
  });

  test('that may encrypt and refuses SRTP is called again without, before any other', async () => {
    const s = stage({ config: agent('preferred') });
    const alice = s.invite();
    await s.settled();
    s.attempt(0).fails(488);
    await s.settled();
    expect(s.attempt(1).request.uri).toContain('first');
    expect(s.media.offers.map(({ keying }) => keying)).toEqual(['sdes', undefined]);
    expect(s.event('call.attempt-failed')).toMatchObject({ sipStatus: 488, tryingNext: true });
    s.attempt(1).answers();
    await s.settled();
    expect(alice.told).toEqual(['200']);
  });

  test('that may encrypt and refuses both is followed by the next one', async () => {
    const s = stage({ config: agent('preferred') });
    s.invite();
    await s.settled();
    s.attempt(0).fails(488);
    await s.settled();
    s.attempt(1).fails(488);
    await s.settled();
    expect(s.attempt(2).request.uri).toContain('second');
    expect(s.media.offers.map(({ keying }) => keying)).toEqual(['sdes', undefined, 'sdes']);
  });

  test('that must encrypt and is called without an offer has to make one with keys', async () => {
    const s = stage({ config: agent('required') });
    s.invite(new FakeInvite({ late: true }));
    await s.settled();
    s.attempt(0).answers();
    await s.settled();
    expect(s.event('call.attempt-failed')).toMatchObject({ reason: 'target-bad-media' });
    s.attempt(1).answers(secure);
    await s.settled();
    expect(s.media.offers).toMatchObject([{ from: 'b', sdp: secure }]);
  });
});

test('no key of an SDP stands in an event or in the log', async () => {
  const s = stage({ config: agent('preferred') });
  s.invite(new FakeInvite({ sdp: secure }));
  await s.settled();
  s.attempt(0).fails(488);
  await s.settled();
  s.attempt(1).answers(secure);
  await s.settled();
  expect(JSON.stringify(s.events)).not.toContain('inline:');
  expect(JSON.stringify(s.logged(''))).not.toContain('inline:');
});
