import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { SipPeer } from '../local/sip/sip-peer.ts';
import { type Baresip, startBaresip } from './baresip.ts';
import { type Platform, routeTo, startPlatform } from './platform.ts';

const numbers = { sdes: '+15550101', dtls: '+15550102', echo: '+15550103', refusing: '+15550104' };
const audio = tone(700, 1_000);

type Phones = { readonly [keying in 'sdes' | 'dtls' | 'caller']: Baresip };
let phones: Phones;
let echo: Awaited<ReturnType<typeof startAgent>>;
let refusing: readonly SipPeer[];
let platform: Platform;

beforeAll(async () => {
  phones = {
    sdes: await startBaresip({ says: 500, encryption: 'srtp-mand' }),
    dtls: await startBaresip({ says: 500, encryption: 'dtls_srtp' }),
    caller: await startBaresip({ says: 600, encryption: 'srtp-mand' }),
  };
  echo = await startAgent();
  const sipPort = await freePort();
  refusing = [await SipPeer.udp(sipPort), await SipPeer.udp(sipPort)];
  const uris = (...ports: number[]) =>
    ports.map((port, index) => ({ uri: `sip:agent@127.0.0.1:${port}`, priority: index + 1 }));
  platform = await startPlatform({
    sipPort,
    config: {
      ...routeTo([]),
      numbers: Object.fromEntries(Object.entries(numbers).map(([agent, number]) => [number, { agent }])),
      agents: {
        sdes: { targets: uris(phones.sdes.port), encryption: 'required' },
        dtls: { targets: uris(phones.dtls.port), encryption: 'required', keying: 'dtls' },
        echo: { targets: uris(echo.port) },
        refusing: { targets: uris(...refusing.map(({ port }) => port)), encryption: 'preferred' },
      },
    },
  });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  for (const part of [...Object.values(phones ?? {}), echo, ...(refusing ?? [])])
    await part?.[Symbol.asyncDispose]();
});

for (const keying of ['sdes', 'dtls'] as const)
  test(`a carrier without SRTP and an agent with SRTP by ${keying} hear each other`, async () => {
    const { carrier, record } = await platform.place({ to: numbers[keying], audio, talkMs: 2_500 });
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });
    expect(toneShare(carrier.rtp.pcm, 500)).toBeGreaterThan(0.9);
    expect(toneShare(await phones[keying].heard(), 700)).toBeGreaterThan(0.9);
  });

test('a caller with SRTP hears its tone come back from an agent without, also after a hold', async () => {
  const { host, port } = platform.env.sip;
  const answered = platform.next('call.answered');
  const flows = platform.next('media.started');
  await phones.caller.command('dial', `sip:${numbers.echo}@${host}:${port}`);
  const { callId } = await answered;
  await flows;
  await phones.caller.command('hold');
  await phones.caller.command('resume');
  const before = await echo.report();
  await expect.poll(async () => (await echo.report()).received - before.received).toBeGreaterThan(75);
  const ended = platform.next('call.ended', (event) => event.callId === callId);
  await phones.caller.command('hangup');
  const { reason, media } = await ended;
  expect(reason).toBe('caller-hangup');
  expect(media?.a.codec).toBe('PCMU');
  const offer = platform.said(callId).find((event) => event.type === 'call.received');
  expect(offer).toMatchObject({ offer: { encrypted: true } });
  expect(toneShare((await echo.report()).pcm, 600)).toBeGreaterThan(0.9);
  expect(toneShare(await phones.caller.heard(), 600)).toBeGreaterThan(0.8);
});

test('each target is offered keys of its own, and what refuses them is called without', async () => {
  const placed = platform.place({ to: numbers.refusing, script: { expect: 486 } });
  const [first, second] = refusing;
  if (!first || !second) throw new Error('no peers');
  const offers: string[] = [];
  for (const [peer, status] of [
    [first, '503 Service Unavailable'],
    [second, '488 Not Acceptable Here'],
    [second, '486 Busy Here'],
  ] as const) {
    const invite = await peer.next(/^INVITE /);
    offers.push(invite.body);
    peer.reply(invite, status);
    await peer.next(/^ACK /);
  }
  const keys = offers.map((sdp) => /inline:(\S+)/.exec(sdp)?.[1]);
  expect(keys).toEqual([expect.any(String), expect.any(String), undefined]);
  expect(keys[0]).not.toBe(keys[1]);
  expect(offers.map((sdp) => /^m=audio \d+ (\S+)/m.exec(sdp)?.[1])).toEqual([
    'RTP/SAVP',
    'RTP/SAVP',
    'RTP/AVP',
  ]);
  expect(offers[0]?.match(/a=crypto/g)).toHaveLength(1);
  const { events, carrier } = await placed;
  expect(carrier.ok).toBe(true);
  expect(JSON.stringify(events)).not.toContain('inline:');
});
