import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EventOf } from '../../contracts/events.ts';
import { freePort } from '../../local/free-ports.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { type CallStory, NUMBER, type Platform, routeTo, startPlatform } from './platform.ts';

let platform: Platform;
let first: number;
let second: number;
const audio = tone(700, 1_000);

beforeAll(async () => {
  [first, second] = [await freePort(), await freePort()];
  const targets = [`sip:agent@127.0.0.1:${first}`, `sip:agent@127.0.0.1:${second}`];
  platform = await startPlatform({ config: routeTo(targets, { ringSeconds: 1 }) });
});
afterAll(() => platform?.[Symbol.asyncDispose]());

/** Failed attempts, in their order. */
const attemptsOf = ({ events }: CallStory) =>
  events
    .filter((event): event is EventOf<'call.attempt-failed'> => event.type === 'call.attempt-failed')
    .map(({ reason, sipStatus, tryingNext }) => ({ reason, sipStatus, tryingNext }));

const expectSecondAnswers = (story: CallStory) => {
  expect(story.carrier).toMatchObject({ ok: true, errors: '' });
  expect(story.record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });
  const ids = story.events.find((event) => event.type === 'call.routed')?.targets.map(({ id }) => id);
  expect(story.record.answered?.target).toBe(ids?.[1]);
  expect(toneShare(story.carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
};

test('a target that says 503 gives way to the next', async () => {
  await using _ = await startAgent({ port: first, refuse: 503 });
  await using agent = await startAgent({ port: second });
  const story = await platform.place({ to: NUMBER, audio });
  expectSecondAnswers(story);
  expect(attemptsOf(story)).toEqual([{ reason: 'target-unavailable', sipStatus: 503, tryingNext: true }]);
  expect((await agent.report()).received).toBeGreaterThan(30);
});

test('a target that rings for too long is cancelled and gives way to the next', async () => {
  await using silent = await startAgent({ port: first, silent: true, calls: 1 });
  await using _ = await startAgent({ port: second });
  const story = await platform.place({ to: NUMBER, audio });
  expectSecondAnswers(story);
  expect(attemptsOf(story)).toEqual([{ reason: 'no-answer', sipStatus: 480, tryingNext: true }]);
  expect(await silent.ended).toBe(0);
});

test('a busy callee is the answer: nobody else is tried and the carrier hears 486', async () => {
  await using _ = await startAgent({ port: first, refuse: 486 });
  const story = await platform.place({ to: NUMBER, script: { expect: 486 } });
  expect(story.carrier).toMatchObject({ ok: true, errors: '' });
  expect(attemptsOf(story)).toEqual([{ reason: 'callee-busy', sipStatus: 486, tryingNext: false }]);
  expect(story.record).toMatchObject({ complete: true, ended: { reason: 'callee-busy', sipStatus: 486 } });
});

test('when all targets fail the carrier hears the last failure, and each attempt is told', async () => {
  await using _ = await startAgent({ port: first, refuse: 500 });
  await using __ = await startAgent({ port: second, refuse: 503 });
  const story = await platform.place({ to: NUMBER, script: { expect: 503 } });
  expect(story.carrier).toMatchObject({ ok: true, errors: '' });
  expect(attemptsOf(story)).toEqual([
    { reason: 'target-error', sipStatus: 500, tryingNext: true },
    { reason: 'target-unavailable', sipStatus: 503, tryingNext: false },
  ]);
  expect(story.record).toMatchObject({
    complete: true,
    ended: { reason: 'target-unavailable', blame: 'upstream', sipStatus: 503 },
  });
  expect(Object.values(story.record.attempts)).toHaveLength(2);
});

// Last, for the server behind that port is left alone for a while.
test('a target whose port is closed gives way to the next', async () => {
  await using _ = await startAgent({ port: second });
  const story = await platform.place({ to: NUMBER, audio });
  expectSecondAnswers(story);
  expect(attemptsOf(story)).toMatchObject([{ tryingNext: true }]);
  expect(attemptsOf(story)[0]?.reason).toMatch(/^(target-unavailable|target-timeout|no-answer)$/);
});
