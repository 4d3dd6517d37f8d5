import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { likeness, speech, tone, toneShare } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { type CallStory, NUMBER, type Platform, routeTo, startPlatform, storyOf } from './platform.ts';

let platform: Platform;
let port: number;
const audio = tone(700, 1_000);

beforeAll(async () => {
  port = await freePort();
  platform = await startPlatform({ config: routeTo([`sip:agent@127.0.0.1:${port}`]) });
});
afterAll(() => platform?.[Symbol.asyncDispose]());

const expectComplete = ({ carrier, record }: CallStory, reason = 'caller-hangup') => {
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(record).toMatchObject({
    phase: 'ended',
    complete: true,
    missing: [],
    ended: { reason, by: 'edge' },
  });
};

describe('an answered call', () => {
  test('carries the same tone and the same number of packets both ways', async () => {
    await using agent = await startAgent({ port });
    const story = await platform.place({ to: NUMBER, audio, talkMs: 2_000 });
    expectComplete(story);
    const { carrier, record } = story;
    const there = await agent.report();
    expect(toneShare(there.pcm, 700)).toBeGreaterThan(0.9);
    expect(toneShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
    expect(carrier.rtp.sent).toBeGreaterThan(80);
    expect(Math.abs(there.received - carrier.rtp.sent)).toBeLessThanOrEqual(3);
    expect(Math.abs(carrier.rtp.received - there.sent)).toBeLessThanOrEqual(3);
    const { a, b } = record.ended?.media ?? {};
    expect(a).toMatchObject({ codec: 'PCMU', measuredBy: 'capture' });
    expect(Math.abs((a?.packets ?? 0) - carrier.rtp.sent)).toBeLessThanOrEqual(3);
    expect(Math.abs((b?.packets ?? 0) - there.sent)).toBeLessThanOrEqual(3);
    expect(record.routed).toMatchObject({ source: 'live', agent: 'echo' });
    expect(storyOf(story.events)).toEqual([
      'call.received',
      'call.routed',
      'call.ringing',
      'call.answered',
      'call.ended',
    ]);
  });

  test('carries each digit once to the agent and once back', async () => {
    await using agent = await startAgent({ port });
    const story = await platform.place({ to: NUMBER, audio, digits: '12#', talkMs: 2_000 });
    expectComplete(story);
    expect((await agent.report()).digits).toBe('12#');
    expect(story.carrier.rtp).toMatchObject({ digits: '12#', keysLeft: 0 });
    expect(story.record).toMatchObject({ digitCount: { received: 6, delivered: 6 } });
    const pressed = Object.values(story.record.digits).filter(({ leg }) => leg === 'a');
    expect(pressed.map(({ digit }) => digit).toSorted()).toEqual(['#', '1', '2']);
  });

  test('carries speech that is recognisably the same', async () => {
    await using agent = await startAgent({ port });
    const sentence = await speech('The quick brown fox jumps over the lazy dog.');
    const talkMs = Math.ceil(sentence.length / 8) + 200;
    const { carrier } = await platform.place({ to: NUMBER, audio: sentence, talkMs });
    expect(likeness(sentence, (await agent.report()).pcm)).toBeGreaterThan(0.8);
    expect(likeness(sentence, carrier.rtp.pcm)).toBeGreaterThan(0.8);
  });

  test('ends on both sides when the agent hangs up', async () => {
    await using agent = await startAgent({ port, hangUpAfterMs: 500, calls: 1 });
    const story = await platform.place({ to: NUMBER, audio, talkMs: 'until hung up' });
    expectComplete(story, 'callee-hangup');
    expect(await agent.ended).toBe(0);
  });

  test('has its audio offered by the agent when the INVITE has none', async () => {
    await using agent = await startAgent({ port });
    const story = await platform.place({ to: NUMBER, audio, talkMs: 1_500, script: { lateOffer: true } });
    expectComplete(story);
    expect(story.record.received).not.toHaveProperty('offer');
    expect(toneShare((await agent.report()).pcm, 700)).toBeGreaterThan(0.9);
    expect(toneShare(story.carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
  });

  test('comes over TCP as well', async () => {
    await using agent = await startAgent({ port });
    const story = await platform.place({ to: NUMBER, audio, talkMs: 1_000, transport: 'tcp' });
    expectComplete(story);
    expect(story.record.received).toMatchObject({ source: { transport: 'tcp' } });
    expect(toneShare((await agent.report()).pcm, 700)).toBeGreaterThan(0.9);
    expect(toneShare(story.carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
  });

  test('may have quotes and brackets in its Call-ID', async () => {
    await using agent = await startAgent({ port, calls: 1 });
    const callId = `"a<b>(c)/%u-%p'{d}?`;
    const story = await platform.place({ to: NUMBER, audio, talkMs: 1_000, callId });
    expectComplete(story);
    expect(story.record.received?.sipCallId).toMatch(/^"a<b>\(c\)\/\d+-\d+'\{d\}\?$/);
    expect(await agent.ended).toBe(0);
    expect(toneShare(story.carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
  });
});

describe('early media', () => {
  test.each([
    ['plain on both sides', true, false],
    ['confirmed by PRACK at the agent', 'reliable', false],
    ['confirmed by PRACK at both sides', 'reliable', true],
    ['confirmed by PRACK at the carrier', true, true],
  ] as const)('comes before the answer, %s', async (_, earlyMedia, reliable) => {
    await using agent = await startAgent({ port, rings: false, earlyMedia, answerAfterMs: 500, calls: 1 });
    const story = await platform.place({ to: NUMBER, audio, talkMs: 1_000, script: { reliable } });
    expectComplete(story);
    expect(storyOf(story.events)).toEqual([
      'call.received',
      'call.routed',
      'call.early-media',
      'call.answered',
      'call.ended',
    ]);
    expect(await agent.ended).toBe(0);
    expect(toneShare(story.carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
  });
});
