import { beforeAll, describe, expect, test } from 'vitest';
import { createAgentAudio } from '../../../gateway/media/agent-audio.ts';
import { pcma, pcmu } from '../../../gateway/media/g711.ts';
import { Playout } from '../../../gateway/media/playout.ts';
import { resamplersReady } from '../../../gateway/media/resampler.ts';

beforeAll(() => resamplersReady);

/** What is no tone of this frequency, in dB below it: a jump of its phase counts in full. */
function purity(samples: Int16Array, hz: number): number {
  let [sine, cosine, all] = [0, 0, 0];
  for (const [n, sample] of samples.entries()) {
    const angle = (2 * Math.PI * hz * n) / 8_000;
    sine += sample * Math.sin(angle);
    cosine += sample * Math.cos(angle);
    all += sample * sample;
  }
  const ofTone = (2 * (sine * sine + cosine * cosine)) / samples.length;
  return 10 * Math.log10(ofTone / (all - ofTone));
}

describe.each([8_000, 16_000, 24_000] as const)('audio at %i Hz', (rate) => {
  const format = { encoding: 'pcm16le', rate } as const;
  const frameBytes = rate / 25;

  test('may begin at any byte of a buffer, as it does behind the header of a frame', () => {
    using audio = createAgentAudio(format, () => pcmu);
    const bytes = Buffer.alloc(frameBytes + 2);
    for (const from of [1, 2])
      expect(audio.fromAgent(bytes.subarray(from, from + frameBytes), false)).toHaveLength(160);
  });

  test.each([1, 100, 321, 1_000, 1_024, 4_096])(
    'in pieces of %i samples is one tone, without a crackle',
    (size) => {
      using audio = createAgentAudio(format, () => pcmu);
      const { frameBytes: bytes, silence, isQuiet } = audio;
      const playout = new Playout({ frameBytes: bytes, silence, isQuiet, maxMs: 10_000, onMark() {} });
      const tone = Int16Array.from(
        { length: rate },
        (_, n) => 16_000 * Math.sin((2 * Math.PI * 1_000 * n) / rate),
      );
      for (let at = 0; at < tone.length; at += size)
        playout.play(new Uint8Array(tone.slice(at, at + size).buffer));
      const heard = Array.from({ length: 50 }, () => playout.next()).flatMap((outgoing) =>
        outgoing.kind === 'audio'
          ? [...pcmu.decode(audio.fromAgent(outgoing.frame, outgoing.isSilence))]
          : [],
      );
      expect(heard).toHaveLength(8_000);
      expect(purity(Int16Array.from(heard.slice(160)), 1_000)).toBeGreaterThan(33);
    },
  );

  test('that is cut is silence with the next frame: no filter brings an end of it', () => {
    using audio = createAgentAudio(format, () => pcma);
    const loud = new Uint8Array(
      Int16Array.from({ length: frameBytes / 2 }, (_, n) => (n % 7) * 4_000).buffer,
    );
    const silent = () =>
      audio.fromAgent(new Uint8Array(frameBytes), true).every((byte) => byte === pcma.silence);
    audio.fromAgent(loud, false);
    audio.cut();
    expect(silent()).toBe(true);
    // The same without the short cut for silence.
    audio.fromAgent(loud, false);
    audio.cut();
    const heard = pcma.decode(audio.fromAgent(new Uint8Array(frameBytes), false));
    expect(heard.every((sample) => Math.abs(sample) <= 8)).toBe(true);
  });
});
