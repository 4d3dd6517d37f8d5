import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { answerToOptions } from './ask-options.ts';
import { NUMBER, type Platform, routeTo, startPlatform } from './platform.ts';
import { sayOnBus } from './say-on-bus.ts';

let platform: Platform;
let port: number;

beforeAll(async () => {
  port = await freePort();
  const config = routeTo([`sip:agent@127.0.0.1:${port}`]);
  platform = await startPlatform({ config, edgeSettings: { TRUNKLINE_MAX_CALLS: 1 } });
});
afterAll(() => platform?.[Symbol.asyncDispose]());

const options = () => answerToOptions(platform.env.sip);

/** A carrier sends its calls elsewhere, whether it asks first or just calls. */
const expectTurnedAway = async () => {
  expect(await options()).toEqual({ status: 503, retryAfter: 5 });
  const script = { expect: 503, expectHeader: 'Retry-After' };
  expect(await platform.env.call({ to: NUMBER, script })).toMatchObject({ ok: true, errors: '' });
};

test('an edge that is full turns away more calls, and the one that is up does not notice', async () => {
  await using agent = await startAgent({ port });
  const { env, next } = platform;
  const answered = next('call.answered');
  const running = env.call({ to: NUMBER, audio: tone(700, 1_000), talkMs: 'until hung up' });
  const { callId } = await answered;
  await expectTurnedAway();
  await expectTurnedAway();
  await expect.poll(async () => (await agent.report()).received).toBeGreaterThan(60);
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  await sayOnBus(env, 'call.hangup', { version: 1, id: ulid(), type: 'call.hangup', callId, expiresAt });
  const { rtp, ...report } = await running;
  expect(report).toEqual({ ok: true, errors: '' });
  expect(toneShare(rtp.pcm, 700)).toBeGreaterThan(0.9);
  await env.settled();
  expect(await options()).toEqual({ status: 200, retryAfter: undefined });
  expect(env.events('call.received')).toHaveLength(1);
  expect(await platform.metrics()).toContain('trunkline_invites_refused_total{reason="edge-overloaded"} 2');
});

test('an edge whose only rtpengine is dead turns calls away until it is back', async () => {
  await using _ = await startAgent({ port });
  const { env } = platform;
  await env.rtpengine.kill();
  await expect.poll(options).toEqual({ status: 503, retryAfter: 5 });
  await expectTurnedAway();
  await env.rtpengine.restart();
  await expect.poll(async () => (await options()).status).toBe(200);
  expect(await env.call({ to: NUMBER, talkMs: 200 })).toMatchObject({ ok: true, errors: '' });
});
