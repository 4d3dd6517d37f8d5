import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { NUMBER, type Platform, routeTo, startPlatform, storyOf } from './platform.ts';

let platform: Platform;
let port: number;
const audio = tone(700, 1_000);

beforeAll(async () => {
  port = await freePort();
  platform = await startPlatform({
    config: routeTo([`sip:agent@127.0.0.1:${port}`]),
    edgeSettings: { TRUNKLINE_DECISION_MS: 700 },
  });
});
afterEach(() => {
  Object.assign(platform.env.cloud.faults, {
    ...{ eventBridgeDown: false, refuseEntry: undefined },
    ...{ throttledTables: 0, duplicateDeliveries: false },
  });
});
afterAll(() => platform?.[Symbol.asyncDispose]());

const wholeStory = ['call.received', 'call.routed', 'call.ringing', 'call.answered', 'call.ended'];

test('without EventBridge the call is decided here, and all of it is told once the bus is back', async () => {
  await using agent = await startAgent({ port });
  const { env, next } = platform;
  const before = env.events().length;
  env.cloud.faults.eventBridgeDown = true;
  const carrier = await env.call({ to: NUMBER, audio, digits: '5', talkMs: 1_500 });
  expect(carrier).toMatchObject({ ok: true, errors: '', rtp: { digits: '5' } });
  expect(toneShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
  expect(toneShare((await agent.report()).pcm, 700)).toBeGreaterThan(0.9);
  expect(env.events()).toHaveLength(before);

  const ended = next('call.ended');
  env.cloud.faults.eventBridgeDown = false;
  const { callId = '' } = await ended;
  await env.settled();
  expect(await env.state.call(callId)).toMatchObject({
    ...{ complete: true, missing: [], routed: { source: 'snapshot' } },
    ...{ digitCount: { received: 2, delivered: 2 }, ended: { reason: 'caller-hangup' } },
  });
  expect(storyOf(platform.said(callId))).toEqual(wholeStory);
});

test('entries that EventBridge refuses one by one are sent again until each is taken', async () => {
  await using _ = await startAgent({ port });
  const refused = new Map<string, number>();
  platform.env.cloud.faults.refuseEntry = (detail) => {
    const times = refused.get(detail) ?? 0;
    refused.set(detail, times + 1);
    // Every other one, by its number, and that one three times.
    return JSON.parse(detail).seq % 2 === 1 && times < 3;
  };
  const { carrier, record, events } = await platform.place({ to: NUMBER, audio, talkMs: 500 });
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(record).toMatchObject({ complete: true, missing: [], ended: { reason: 'caller-hangup' } });
  expect(storyOf(events)).toEqual(wholeStory);
  expect([...refused.values()].filter((times) => times === 4).length).toBeGreaterThan(1);
});

test('with a third of all table requests throttled each record still becomes complete', async () => {
  await using _ = await startAgent({ port });
  platform.env.cloud.faults.throttledTables = 0.3;
  for (let call = 0; call < 3; call += 1) {
    const carrier = await platform.env.call({ to: NUMBER, audio, digits: '1', talkMs: 900 });
    expect(carrier).toMatchObject({ ok: true, errors: '' });
  }
  const received = platform.env.events('call.received').slice(-3);
  await platform.env.settled();
  platform.env.cloud.faults.throttledTables = 0;
  for (const { detail } of received) {
    const { callId } = detail as { callId: string };
    expect(await platform.env.state.call(callId)).toMatchObject({ complete: true, missing: [] });
  }
});

test('events delivered twice change nothing: the record counts each of them once', async () => {
  await using _ = await startAgent({ port });
  platform.env.cloud.faults.duplicateDeliveries = true;
  const { carrier, record, events } = await platform.place({
    to: NUMBER,
    audio,
    digits: '12',
    talkMs: 1_200,
  });
  expect(carrier).toMatchObject({ ok: true, errors: '', rtp: { digits: '12' } });
  expect(record).toMatchObject({ complete: true, digitCount: { received: 4, delivered: 4 } });
  const timeline = await platform.env.state.timeline(record.callId);
  const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id).toSorted();
  expect(ids(timeline)).toEqual(ids(events));
});
