import { compactDecrypt, exportJWK, generateKeyPair } from 'jose';
import { describe, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../../contracts/config.ts';
import type { CallScopedEvent } from '../../../contracts/events.ts';
import { type CallState, evolve } from '../../../core/call-state.ts';
import { callUp, relay } from './digit-call.ts';

const collectionId = '01KG9Z0300X3T7CFC7J2SPVFN2';
const collect = (more: object = {}) => ({ type: 'call.collect', collectionId, maxLength: 4, ...more });

type Key = NonNullable<RoutingConfigInput['keys']>[string];

async function aVault(alg: 'RSA-OAEP-256' | 'ECDH-ES') {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const key = { ...(await exportJWK(publicKey)), alg, kid: 'vault-1' } as Key;
  const open = async (jwe: string) => {
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, privateKey);
    return { header: protectedHeader, json: JSON.parse(new TextDecoder().decode(plaintext)) };
  };
  return { keys: { vault: key }, open };
}

describe('a collection', () => {
  test('is said as soon as it is complete; the other side hears the digits as ever', async () => {
    const { s, command, hears, said } = await callUp();
    expect(await command(collect({ name: 'pin' }))).toEqual({ applied: true });
    for (const digit of '4711') await hears('a', digit);
    expect(s.event('dtmf.collected')).toMatchObject({
      ...{ collectionId, leg: 'a', name: 'pin', outcome: 'complete', digits: '4711', attempts: 1 },
    });
    expect(said().filter((line) => line.startsWith('dtmf.delivered'))).toHaveLength(4);
    await hears('a', '9');
    expect(s.types().filter((type) => type === 'dtmf.collected')).toHaveLength(1);
  });

  test('hears INFO as well as packets, and only its own side', async () => {
    const { s, a, b, command, hears } = await callUp();
    await command(collect({ terminator: '#' }));
    a.sendsInfo(...relay('1'));
    b.sendsInfo(...relay('9'));
    await hears('a', '2');
    await hears('b', '8');
    await hears('a', '#');
    expect(s.event('dtmf.collected')).toMatchObject({ outcome: 'complete', digits: '12' });
  });

  test('that is left alone times out by itself, attempt after attempt', async () => {
    const { s, command, playedOut } = await callUp();
    await command(collect({ attempts: 2, totalMs: 5_000 }));
    await playedOut(5_000);
    expect(s.types()).not.toContain('dtmf.collected');
    await playedOut(5_000);
    expect(s.event('dtmf.collected')).toMatchObject({ outcome: 'timeout', reason: 'too-late', attempts: 2 });
  });

  test('ends at a pause, and fails where the digits are not such as was asked for', async () => {
    const one = await callUp();
    await one.command(collect({ interDigitMs: 1_000 }));
    await one.hears('a', '1');
    await one.playedOut(1_000);
    expect(one.s.event('dtmf.collected')).toMatchObject({ outcome: 'complete', digits: '1' });
    const other = await callUp();
    await other.command(collect({ pattern: '0\\d{3}' }));
    for (const digit of '4711') await other.hears('a', digit);
    const { outcome, reason, digits } = other.s.event('dtmf.collected');
    expect([outcome, reason, digits]).toEqual(['failed', 'no-match', undefined]);
  });

  test('is one at a time for each side, and over when the call is', async () => {
    const { s, a, command } = await callUp();
    await command(collect());
    expect(await command(collect())).toMatchObject({ applied: false, reason: 'wrong-state' });
    expect(await command(collect({ leg: 'b', collectionId: '01KG9Z0300X3T7CFC7J2SPVFN3' }))).toEqual({
      applied: true,
    });
    a.hangsUp();
    await s.settled();
    const over = s.events.filter((event) => event.type === 'dtmf.collected');
    expect(over).toMatchObject([
      { leg: 'a', outcome: 'failed', reason: 'call-ended' },
      { leg: 'b', outcome: 'failed', reason: 'call-ended' },
    ]);
    expect(s.types().at(-1)).toBe('call.ended');
  });
});

describe('a secret collection', () => {
  const secret = collect({ secret: true, key: 'vault', maxLength: 16 });
  const number = '4929123412341234';

  test.each(['RSA-OAEP-256', 'ECDH-ES'] as const)('leaves the edge only encrypted, with %s', async (alg) => {
    const { keys, open } = await aVault(alg);
    const { s, call, command, until, hears } = await callUp({ keys });
    expect(await command(secret)).toEqual({ applied: true });
    for (const digit of number) await hears('a', digit);
    await until('dtmf.collected');
    const { encrypted = '', ...collected } = s.event('dtmf.collected');
    expect(collected).toMatchObject({ outcome: 'complete', attempts: 1 });
    expect(collected).not.toHaveProperty('digits');
    const { header, json } = await open(encrypted);
    expect(header).toMatchObject({ alg, enc: 'A256GCM', kid: 'vault-1' });
    expect(json).toEqual({ callId: call.id, collectionId, digits: number });
  });

  test('is in nothing else that leaves: events, INFO, log, state', async () => {
    const { keys } = await aVault('ECDH-ES');
    const { s, a, b, command, until, hears, alice } = await callUp({ keys, agent: { dtmf: 'info' } });
    await command(secret);
    for (const digit of number.slice(0, 8)) await hears('a', digit);
    for (const digit of number.slice(8)) a.sendsInfo(...relay(digit));
    alice.dialog.hangsUp();
    await until('call.ended');
    expect(s.event('dtmf.collected').outcome).toBe('complete');
    expect(b.infos).toEqual([]);
    const keysSaid = s.events.flatMap((event) => ('digit' in event && event.digit ? [event.digit] : []));
    expect(keysSaid).toEqual([]);
    const state = s.events.reduce<CallState | undefined>(
      (call, event) => evolve(call, event as CallScopedEvent),
      undefined,
    );
    const written = [JSON.stringify(s.events), JSON.stringify(state), JSON.stringify(s.logged(''))].join();
    for (let from = 0; from + 4 <= number.length; from += 1)
      expect(written).not.toContain(number.slice(from, from + 4));
    expect(s.event('call.ended').digits).toEqual({ received: 16, delivered: 0, gap: 0 });
  });

  test('begins when rtpengine withholds the digits, and lets go of them a while after the last one', async () => {
    const { keys } = await aVault('ECDH-ES');
    const { s, command, hears, playedOut, said } = await callUp({ keys });
    await command({ ...secret, maxLength: 2 });
    expect(s.media.withheld).toEqual(['a']);
    await hears('a', '1');
    await hears('a', '2');
    await hears('a', '3');
    await playedOut(499);
    expect(s.media.released).toEqual([]);
    await playedOut(1);
    expect(s.media.released).toEqual(['a']);
    await hears('a', '4');
    expect(said().slice(-3)).toEqual([
      'dtmf.received ? a rfc4733',
      'dtmf.received 4 a rfc4733',
      'dtmf.delivered 4 b rfc4733',
    ]);
  });

  test('right after another one keeps the digits withheld throughout', async () => {
    const { keys } = await aVault('ECDH-ES');
    const { s, command, hears, playedOut } = await callUp({ keys });
    await command({ ...secret, maxLength: 1 });
    await hears('a', '1');
    expect(await command({ ...secret, maxLength: 1 })).toEqual({ applied: true });
    await playedOut(600);
    expect(s.media.released).toEqual([]);
    await hears('a', '2');
    await playedOut(600);
    expect(s.media.released).toEqual(['a']);
  });

  test('does not begin where the digits cannot be withheld', async () => {
    const { keys } = await aVault('ECDH-ES');
    const { s, command, hears, said } = await callUp({ keys });
    s.media.failure = new Error('rtpengine is gone');
    await expect(command(secret)).rejects.toThrow('rtpengine is gone');
    await hears('a', '5');
    expect(said()).toContain('dtmf.received 5 a rfc4733');
  });

  test.each([
    [
      'for a key that the configuration does not have',
      {},
      'invalid',
      /no key of the configuration; keys are: none/,
    ],
    [
      'for a key that is none',
      { keys: { vault: { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) } as Key } },
      'invalid',
      /no usable EC key/,
    ],
    [
      'of digits that are tones',
      { carrier: { dtmf: 'in-band' as const } },
      'not-supported',
      /would hear how they begin/,
    ],
  ])('%s is refused', async (_, between, reason, message) => {
    const { command } = await callUp(between);
    expect(await command(secret)).toMatchObject({
      applied: false,
      reason,
      message: expect.stringMatching(message),
    });
  });
});
