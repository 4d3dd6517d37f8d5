import { beforeAll, describe, expect, test } from 'vitest';
import { createVoiceActivity, loadVoiceActivity } from '../../../gateway/media/voice-activity.ts';
import { speech } from '../../../local/phone/audio.ts';

beforeAll(loadVoiceActivity);

const seconds = (count: number, at: (n: number) => number) =>
  Int16Array.from({ length: 8_000 * count }, (_, n) => Math.round(at(n)));
const silence = (count: number) => seconds(count, () => 0);

/** What the detector says, with the second in which it says it. */
function heard(...parts: Int16Array[]): string[] {
  using voice = createVoiceActivity();
  const said: string[] = [];
  let frames = 0;
  for (const part of parts)
    for (let at = 0; at + 160 <= part.length; at += 160) {
      frames += 1;
      const change = voice.hear(part.subarray(at, at + 160));
      if (change) said.push(`${change} ${(frames / 50).toFixed(1)}`);
    }
  return said;
}

describe('a voice', () => {
  test('begins and ends, once each, though there are pauses between its words', async () => {
    const sentence = await speech('I would like to talk to somebody about my bill');
    const said = heard(silence(1), sentence, silence(2));
    expect(said.map((each) => each.split(' ')[0])).toEqual(['started', 'stopped']);
    const [started = '', stopped = ''] = said.map((each) => each.split(' ')[1]);
    expect(Number(started)).toBeLessThan(1.6);
    expect(Number(stopped)).toBeGreaterThan(1 + sentence.length / 8_000 - 0.5);
  });

  test('is neither silence nor soft noise', () => {
    let random = 1;
    const noise = seconds(3, () => {
      random = (random * 48_271) % 2_147_483_647;
      return ((random % 200) - 100) / 2;
    });
    expect(heard(silence(1), noise)).toEqual([]);
  });
});
