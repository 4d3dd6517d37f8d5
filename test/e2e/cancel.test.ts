import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { cancelAfter } from './crossing-caller.ts';
import { NUMBER, type Platform, routeTo, startPlatform, storyOf } from './platform.ts';
import { callsInRtpengine } from './rtpengine-calls.ts';

let platform: Platform;
let port: number;

beforeAll(async () => {
  port = await freePort();
  platform = await startPlatform({
    config: routeTo([`sip:agent@127.0.0.1:${port}`]),
    edgeSettings: { TRUNKLINE_DECISION_MS: 5_000 },
  });
});
afterAll(() => platform?.[Symbol.asyncDispose]());

const expectNothingLeft = async () => {
  const active = /^trunkline_calls_active \d+$/m.exec(await platform.metrics());
  expect(active?.[0]).toBe('trunkline_calls_active 0');
  expect(await callsInRtpengine(platform.env.rtpengine.ng)).toEqual([]);
};

test('a CANCEL before the decision ends the call, and no target is called', async () => {
  platform.env.cloud.delayFunction('DecideRoute', 1_500);
  try {
    const story = await platform.place({ to: NUMBER, script: { cancel: 200 } });
    expect(story.carrier).toMatchObject({ ok: true, errors: '' });
    expect(storyOf(story.events)).toEqual(['call.received', 'call.ended']);
    expect(story.record).toMatchObject({
      complete: true,
      ended: { reason: 'caller-cancelled', blame: 'caller', sipStatus: 487, media: null },
    });
    await expectNothingLeft();
  } finally {
    platform.env.cloud.delayFunction('DecideRoute', 0);
  }
});

test('a CANCEL while it rings reaches the agent', async () => {
  await using agent = await startAgent({ port, silent: true, calls: 1 });
  const story = await platform.place({ to: NUMBER, script: { cancel: 'when it rings' } });
  expect(story.carrier).toMatchObject({ ok: true, errors: '' });
  expect(await agent.ended).toBe(0);
  expect(storyOf(story.events)).toEqual(['call.received', 'call.routed', 'call.ringing', 'call.ended']);
  expect(story.record).toMatchObject({
    complete: true,
    ended: { reason: 'caller-cancelled', sipStatus: 487 },
  });
  await expectNothingLeft();
});

test('a CANCEL that crosses the answer leaves nothing behind on any side', async () => {
  const seen: string[] = [];
  for (const cancelMs of [190, 200, 205, 210, 215, 220, 230, 245]) {
    await using _ = await startAgent({ port, answerAfterMs: 200 });
    const ended = platform.next('call.ended');
    seen.push(await cancelAfter(cancelMs, NUMBER, platform.env.sip));
    const { callId = '', reason } = await ended;
    await platform.env.settled();
    expect(reason).toMatch(/^caller-(cancelled|hangup|unreachable)$/);
    expect(await platform.env.state.call(callId)).toMatchObject({ phase: 'ended', complete: true });
    await expectNothingLeft();
  }
  expect(seen).toHaveLength(8);
});
