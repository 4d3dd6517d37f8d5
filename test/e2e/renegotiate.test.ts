import { ulid } from 'ulid';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { type AgentOptions, type EchoAgent, startAgent } from '../../local/phone/phones.ts';
import type { ChangeScript } from '../../local/phone/scenario.ts';
import { NUMBER, type Platform, routeTo, startPlatform } from './platform.ts';
import { sayOnBus } from './say-on-bus.ts';

let agentPort: number;
let platform: Platform;
let agent: EchoAgent | undefined;

beforeAll(async () => {
  agentPort = await freePort();
  platform = await startPlatform({
    config: routeTo([`sip:agent@127.0.0.1:${agentPort}`], { codecs: { keep: ['PCMU', 'PCMA'] } }),
  });
});
afterEach(async () => {
  await agent?.[Symbol.asyncDispose]();
});
afterAll(() => platform?.[Symbol.asyncDispose]());

/** One call in which the carrier asks for these changes, and an echo answers re-INVITEs so. */
async function aCall(
  changes: readonly ChangeScript[],
  reinvited: AgentOptions['reinvited'] = [],
  talkMs = 1_000,
) {
  agent = await startAgent({ port: agentPort, calls: 1, reinvited });
  const story = await platform.place({
    ...{ to: NUMBER, audio: tone(700, 1_000), talkMs },
    script: { changes },
  });
  expect(story.carrier).toMatchObject({ ok: true, errors: '' });
  expect(await agent.ended, await agent.errors()).toBe(0);
  expect(story.record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });
  const types = story.events
    .map(({ type }) => type)
    .filter((type) => ['call.held', 'call.resumed', 'call.media-changed'].includes(type));
  return { ...story, types };
}

test('a command puts the agent on hold, who then is not heard, and takes it off again', async () => {
  agent = await startAgent({ port: agentPort, calls: 1, reinvited: ['recvonly', 'sendrecv'] });
  const started = platform.next('media.started');
  const placed = platform.place({ to: NUMBER, audio: tone(700, 1_000), talkMs: 5_000 });
  const { callId } = await started;
  const say = (type: string) =>
    sayOnBus(platform.env, type, { version: 1, id: ulid(), type, callId, leg: 'b' });
  const held = platform.next('call.held');
  await say('call.hold');
  expect(await held).toMatchObject({ leg: 'b', by: 'command', direction: 'recvonly' });
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const resumed = platform.next('call.resumed');
  await say('call.resume');
  await resumed;
  const { carrier } = await placed;
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(await agent.ended).toBe(0);
  // Of five seconds at least two were on hold.
  expect(carrier.rtp.received).toBeGreaterThan(30);
  expect(carrier.rtp.received).toBeLessThan(175);
});

describe('a carrier', () => {
  test.each([
    ['sendonly', 'recvonly'],
    ['inactive', 'inactive'],
  ] as const)('that holds by %s hears nothing until it resumes', async (direction, answer) => {
    const { carrier, types, events } = await aCall(
      [
        { afterMs: 1_000, version: 2, direction },
        { afterMs: 2_000, version: 3, direction: 'sendrecv' },
      ],
      [answer, 'sendrecv'],
    );
    expect(types.sort()).toEqual(['call.held', 'call.resumed']);
    expect(events.find(({ type }) => type === 'call.held')).toMatchObject({
      leg: 'a',
      by: 'peer',
      direction,
    });
    // Of four seconds two were on hold. The echo never stopped.
    expect(carrier.rtp.received).toBeGreaterThan(60);
    expect(carrier.rtp.received).toBeLessThan(150);
    expect(toneShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
  });

  test('that holds as it was done before there were directions is held, and resumed without one', async () => {
    const { types } = await aCall(
      [
        { afterMs: 500, version: 2, nowhere: true },
        { afterMs: 500, version: 3, direction: 'none' },
      ],
      ['recvonly', 'sendrecv'],
    );
    expect(types.sort()).toEqual(['call.held', 'call.resumed']);
  });

  test('whose agent refuses to be held is on hold all the same, and both hear each other afterwards', async () => {
    const { carrier, types } = await aCall(
      [
        { afterMs: 500, version: 2, direction: 'sendonly' },
        { afterMs: 500, version: 3, direction: 'sendrecv' },
      ],
      [488, 488],
      2_000,
    );
    expect(types.sort()).toEqual(['call.held', 'call.resumed']);
    expect(carrier.rtp.received).toBeGreaterThan(60);
    expect(toneShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
  });

  test('that refreshes the session, by INVITE, by UPDATE and by an INVITE without SDP, disturbs nobody', async () => {
    const { carrier, types } = await aCall([
      { afterMs: 300, version: 1 },
      { afterMs: 300, version: 1, method: 'UPDATE' },
      { afterMs: 300, version: 1, late: true },
    ]);
    expect(types).toEqual([]);
    expect(carrier.rtp.lossPercent).toBe(0);
    expect(toneShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
  });

  test('that changes its codec to one that the agent does not use changes that of the agent, and both hear on', async () => {
    const { carrier, record, events } = await aCall(
      [{ afterMs: 1_000, version: 2, codec: 'PCMA' }],
      ['PCMA'],
      2_000,
    );
    expect(events.find(({ type }) => type === 'call.media-changed')).toMatchObject({
      ...{ leg: 'a', cause: 'reinvite', relayed: true, transcoded: false },
      codecs: { a: 'PCMA', b: 'PCMA' },
    });
    expect(record.ended?.media).toMatchObject({ a: { codec: 'PCMA' }, b: { codec: 'PCMA' } });
    expect(carrier.rtp.received).toBeGreaterThan(120);
    expect(toneShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
  });

  test('that asks for a codec that the policy excludes hears 488, and the call goes on', async () => {
    const { carrier, types } = await aCall([{ afterMs: 500, version: 2, codec: 'G729', expect: 488 }]);
    expect(types).toEqual([]);
    expect(toneShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
  });

  test('that holds and resumes by UPDATE is held and resumed', async () => {
    const { types } = await aCall(
      [
        { afterMs: 300, version: 2, direction: 'sendonly', method: 'UPDATE' },
        { afterMs: 300, version: 3, direction: 'sendrecv', method: 'UPDATE' },
      ],
      ['recvonly', 'sendrecv'],
    );
    expect(types.sort()).toEqual(['call.held', 'call.resumed']);
  });
});
