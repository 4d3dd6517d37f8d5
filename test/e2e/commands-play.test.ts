import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { SAMPLE_RATE, tone, toneShare } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { NUMBER, type Platform, routeTo, startPlatform } from './platform.ts';
import { sayOnBus } from './say-on-bus.ts';

let platform: Platform;
let port: number;
let prompts: string;

beforeAll(async () => {
  port = await freePort();
  prompts = await mkdtemp(join(tmpdir(), 'trunkline-prompts-'));
  const sine = (file: string, bits: string, hz: number) => {
    const format = ['-n', '-r', '8000', '-c', '1', '-b', bits, join(prompts, file)];
    return promisify(execFile)('sox', [...format, 'synth', '1', 'sine', String(hz)]);
  };
  await Promise.all([sine('low.wav', '16', 440), sine('high.wav', '16', 1_100), sine('odd.wav', '32', 440)]);
  await writeFile(join(prompts, 'words.wav'), 'no recording at all');
  const silence = { seconds: 3, oneWaySeconds: 2 };
  platform = await startPlatform({
    config: routeTo([`sip:agent@127.0.0.1:${port}`], { silence }),
    edgeSettings: { TRUNKLINE_PROMPTS_DIR: prompts },
  });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  await rm(prompts, { recursive: true, force: true });
});

const say = (type: string, callId: string, payload = {}) =>
  sayOnBus(platform.env, type, { version: 1, id: ulid(), type, callId, ...payload });

/** Share of the tone in each tenth of a second. */
const heard = (pcm: Int16Array, hz: number) =>
  Array.from({ length: Math.floor((pcm.length / SAMPLE_RATE) * 10) }, (_, n) =>
    toneShare(pcm.subarray((n * SAMPLE_RATE) / 10, ((n + 1) * SAMPLE_RATE) / 10), hz),
  ).filter((share) => share > 0.9).length;

test('call.play is heard in place of the other side, to its end or until call.stop, and is no silence', async () => {
  await using agent = await startAgent({ port });
  const started = platform.next('media.started');
  const placed = platform.place({ to: NUMBER, audio: tone(700, 1_000), talkMs: 'until hung up' });
  const { callId } = await started;

  const low = platform.next('media.played');
  await say('call.play', callId, { to: 'a', file: 'low.wav', times: 2 });
  expect(await low).toMatchObject({ file: 'low.wav', ended: 'finished' });
  // Both sides, without an end, until the agent has heard it.
  const applied = platform.next('command.applied');
  await say('call.play', callId, { to: 'both', file: 'high.wav', times: 0 });
  await applied;
  const high = platform.next('media.played');
  const byAgent = async () => heard((await agent.report()).pcm, 1_100);
  await expect.poll(byAgent, { timeout: 10_000 }).toBeGreaterThan(3);
  await say('call.stop', callId);
  expect(await high).toMatchObject({ file: 'high.wav', ended: 'stopped', to: 'both' });
  await say('call.hangup', callId);

  const { carrier, record, events } = await placed;
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  // Two seconds of the first recording were heard, and nothing of what the agent said between them.
  expect(heard(carrier.rtp.pcm, 440)).toBeGreaterThan(15);
  expect(heard(carrier.rtp.pcm, 440)).toBeLessThan(25);
  expect(heard(carrier.rtp.pcm, 700)).toBeGreaterThan(0);
  expect(heard(carrier.rtp.pcm, 1_100)).toBeGreaterThan(3);
  expect(record).toMatchObject({ complete: true, ended: { reason: 'hung-up-by-command' } });
  expect(events.filter(({ type }) => type === 'media.one-way' || type === 'media.timeout')).toEqual([]);
});

test('call.play of what is no recording, or is not there, is refused, and the call goes on', async () => {
  await using _agent = await startAgent({ port });
  const started = platform.next('media.started');
  const placed = platform.place({ to: NUMBER, audio: tone(700, 1_000), talkMs: 'until hung up' });
  const { callId } = await started;
  for (const [file, why] of [
    ['words.wav', 'Failed to start media playback'],
    ['odd.wav', 'cannot decode'],
    ['nobody.wav', 'there is no recording'],
    ['../words.wav', 'file: must be the name of a file'],
  ] as const) {
    const refused = platform.next('command.refused');
    await say('call.play', callId, { to: 'a', file });
    expect((await refused).message).toContain(why);
  }
  const hangup = platform.next('command.applied');
  await say('call.hangup', callId);
  await hangup;
  expect((await placed).carrier).toMatchObject({ ok: true });
});
