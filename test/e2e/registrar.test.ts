import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { type EchoAgent, startAgent } from '../../local/phone/phones.ts';
import { type Baresip, startBaresip } from './baresip.ts';
import { type Platform, startPlatform } from './platform.ts';

/** The phones have the address of this machine, the carrier one of its own. */
const CARRIER = '127.0.0.9';
const ECHO = '+15550103';
const transports = { alice: 'udp', bob: 'tcp' } as const;
const numbers = { alice: '+15550101', bob: '+15550102' } as const;
const users = ['alice', 'bob'] as const;

const phones: Partial<Record<(typeof users)[number], Baresip>> = {};
let echo: EchoAgent;
let platform: Platform;

beforeAll(async () => {
  echo = await startAgent();
  const sipPort = await freePort();
  platform = await startPlatform({
    sipPort,
    secrets: { 'trunkline/alice': 'wonderland', 'trunkline/bob': 'builder' },
    config: {
      version: 1,
      trunks: {
        carrier: { sources: [`${CARRIER}/32`] },
        office: {
          // This softphone knows MD5 alone, and gives up at a challenge with anything else.
          registrar: { realm: 'phones.example', algorithms: ['MD5'] },
          users: {
            alice: { password: { secret: 'trunkline/alice' } },
            bob: { password: { secret: 'trunkline/bob' } },
          },
        },
      },
      numbers: {
        [numbers.alice]: { agent: 'alice' },
        [numbers.bob]: { agent: 'bob' },
        [ECHO]: { agent: 'echo' },
      },
      agents: {
        alice: { targets: [{ user: 'alice', trunk: 'office' }] },
        bob: { targets: [{ user: 'bob', trunk: 'office' }] },
        echo: { targets: [{ uri: echo.uri }] },
      },
    },
  });
  const { host, port } = platform.env.sip;
  const passwords = { alice: 'wonderland', bob: 'builder' };
  for (const user of users) {
    const registered = platform.next('user.registered', (event) => event.user === user);
    const outbound = `;outbound="sip:${host}:${port};transport=${transports[user]}"`;
    phones[user] = await startBaresip({
      ...{ says: 500, aor: `${user}@phones.example`, regint: 60 },
      account: `;auth_user=${user};auth_pass=${passwords[user]}${outbound}`,
    });
    expect(await registered).toMatchObject({ source: { transport: transports[user] }, expiresSeconds: 60 });
  }
});
afterAll(async () => {
  for (const phone of Object.values(phones)) await phone[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
  await echo?.[Symbol.asyncDispose]();
});

test.each(users)('a carrier calls the phone of %s, where it registered', async (user) => {
  const audio = tone(700, 1_000);
  const { carrier, record } = await platform.place({
    source: CARRIER,
    to: numbers[user],
    audio,
    talkMs: 2_000,
  });
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });
  expect(toneShare(carrier.rtp.pcm, 500)).toBeGreaterThan(0.9);
});

test.each(users)('%s calls in over the way it registered, as itself', async (user) => {
  const { host, port } = platform.env.sip;
  const answered = platform.next('call.answered');
  await phones[user]?.command('dial', `sip:${ECHO}@${host}:${port}`);
  const { callId } = await answered;
  const ended = platform.next('call.ended', (event) => event.callId === callId);
  await phones[user]?.command('hangup');
  expect((await ended).reason).toBe('caller-hangup');
  const received = platform.said(callId).find(({ type }) => type === 'call.received');
  expect(received).toMatchObject({ trunk: 'office', from: { number: user } });
  expect(await platform.metrics()).toMatch(/^trunkline_user_bindings\{trunk="office"\} 2$/m);
});
