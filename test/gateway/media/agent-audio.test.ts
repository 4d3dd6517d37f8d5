import { beforeAll, describe, expect, test } from 'vitest';
import { createAgentAudio } from '../../../gateway/media/agent-audio.ts';
import { pcmu } from '../../../gateway/media/g711.ts';
import { resamplersReady } from '../../../gateway/media/resampler.ts';

beforeAll(() => resamplersReady);

describe.each([8_000, 16_000, 24_000] as const)('audio at %i Hz', (rate) => {
  test('may begin at any byte of a buffer, as it does behind the header of a frame', () => {
    using audio = createAgentAudio({ encoding: 'pcm16le', rate }, () => pcmu);
    const frame = Buffer.alloc(rate / 25 + 2);
    for (const from of [1, 2])
      expect(audio.fromAgent(frame.subarray(from, from + rate / 25))).toHaveLength(160);
  });
});
