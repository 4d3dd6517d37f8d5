import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Echo, startEcho } from '../../examples/agents/echo/echo.ts';
import { isSigned } from '../../examples/agents/echo/signature.ts';
import { pcmu } from '../../gateway/media/g711.ts';
import { likeness, loudness, SAMPLE_RATE, speech, tone, toneShare } from '../../local/phone/audio.ts';
import { type AnAgent, anAgent } from '../gateway/an-agent.ts';
import { type Platform, routeTo, startPlatform } from './platform.ts';

/* What is said at one end is heard at the other, behind a carrier by SIP, and what an agent is shown comes from the secrets store. */

const numbers = { 8000: '+15550108', 24000: '+15550124', twilio: '+15550130', shy: '+15550140' };
const secrets = { bearer: 'a-bearer-of-this-test-alone', hmac: 'an-hmac-secret-of-this-test' };

let platform: Platform;
let echo: Echo;
let shy: AnAgent;
let heard: Buffer[] = [];

beforeAll(async () => {
  echo = await startEcho({ onAudio: (frame) => void heard.push(frame) });
  shy = await anAgent();
  const to = (target: object) => ({ targets: [target as { websocket: string }], policy: 'tested' });
  platform = await startPlatform({
    secrets: {
      'trunkline/agent': JSON.stringify({ token: secrets.bearer }),
      'trunkline/agent-hmac': secrets.hmac,
    },
    config: {
      ...routeTo([]),
      numbers: Object.fromEntries(
        Object.entries(numbers).map(([name, number]) => [number, { agent: `at-${name}` }]),
      ),
      agents: {
        'at-8000': to({ websocket: echo.pcm, rate: 8_000 }),
        'at-24000': to({ websocket: echo.pcm, rate: 24_000 }),
        'at-twilio': to({ websocket: echo.twilio, dialect: 'twilio' }),
        'at-shy': to({
          websocket: shy.url,
          bearer: { secret: 'trunkline/agent', field: 'token' },
          hmac: { secret: 'trunkline/agent-hmac' },
        }),
      },
    },
  });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  for (const part of [echo, shy]) await part?.[Symbol.asyncDispose]();
});
afterEach(() => {
  heard = [];
});

const samplesOf = (bytes: Buffer) =>
  Int16Array.from({ length: bytes.length >> 1 }, (_, at) => bytes.readInt16LE(2 * at));

/** From the first frame of 20 ms that is loud to the last one: silence comes before and behind what is said. */
function spokenPart(there: Int16Array, rate: number): Int16Array[] {
  const frame = rate / 50;
  const frames = Array.from({ length: Math.floor(there.length / frame) }, (_, index) =>
    there.subarray(index * frame, (index + 1) * frame),
  );
  const isLoud = (each: Int16Array) => loudness(each) > 0.1;
  return frames.slice(frames.findIndex(isLoud), frames.findLastIndex(isLoud) + 1);
}

function expectWhole(there: Int16Array, rate: number, said: Int16Array): void {
  const frames = spokenPart(there, rate);
  const asLoud = frames.filter((each) => Math.abs(20 * Math.log10(loudness(each) / loudness(said))) < 2);
  expect(frames.length).toBeGreaterThan(75);
  expect(asLoud.length / frames.length).toBeGreaterThan(0.95);
  const joined = Int16Array.from(frames.flatMap((each) => [...each]));
  expect(toneShare(joined, 1_000, rate)).toBeGreaterThan(0.9);
}

describe.each([8_000, 24_000] as const)('a tone of 1 kHz at %i Hz', (rate) => {
  test('is at the agent and back at the carrier as loud as it was said, and without holes', async () => {
    const audio = tone(1_000, 1_000);
    const { carrier, record } = await platform.place({ to: numbers[rate], audio, talkMs: 2_500 });
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });
    expectWhole(samplesOf(Buffer.concat(heard)), rate, audio);
    expectWhole(carrier.rtp.pcm, SAMPLE_RATE, audio);
  });
});

test('speech of the carrier is speech at an agent of Twilio’s dialect, and comes back as such', async () => {
  const audio = await speech('The quick brown fox jumps over the lazy dog.');
  const talkMs = Math.ceil(audio.length / 8) + 400;
  const { carrier, record } = await platform.place({ to: numbers.twilio, audio, talkMs });
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });
  expect(likeness(audio, pcmu.decode(Buffer.concat(heard)))).toBeGreaterThan(0.8);
  expect(likeness(audio, carrier.rtp.pcm)).toBeGreaterThan(0.8);
});

test('an agent is shown a bearer and a signature whose secrets the store keeps, and no event says them', async () => {
  const { record, events } = await platform.place({ to: numbers.shy, audio: tone(700, 100), talkMs: 600 });
  expect(record).toMatchObject({ answered: { target: 'at-shy-1' } });
  const headers: IncomingHttpHeaders = shy.sockets[0]?.handshake.headers ?? {};
  expect(headers.authorization).toBe(`Bearer ${secrets.bearer}`);
  expect(isSigned(headers, { url: shy.url, secret: secrets.hmac })).toBe(true);
  expect(JSON.stringify([record, events])).not.toMatch(/of-this-test/);
});
