import { SAMPLE_RATE, tone, toneShare } from '../../local/phone/audio.ts';

/** ITU-T Q.23, Hz. */
const rows = [697, 770, 852, 941];
const columns = [1209, 1336, 1477, 1633];
const keys = ['123A', '456B', '789C', '*0#D'];

const silence = (ms: number) => new Int16Array((SAMPLE_RATE * ms) / 1000);

function key(pressed: string, ms: number): Int16Array {
  const row = keys.findIndex((line) => line.includes(pressed));
  const column = keys[row]?.indexOf(pressed) ?? -1;
  const [low, high] = [tone(rows[row] ?? 0, ms, 0.3), tone(columns[column] ?? 0, ms, 0.3)];
  return low.map((sample, at) => sample + (high[at] ?? 0));
}

/** Keys as tones in the audio, after a while and with silence for long after them: audio is said over and over. */
export function pressedAsTones(pressed: string): Int16Array {
  const parts = [
    silence(800),
    ...[...pressed].flatMap((each) => [key(each, 160), silence(160)]),
    silence(20_000),
  ];
  const whole = new Int16Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Keys that can be heard in the audio: both frequencies of one, for at least two frames of 20 ms. */
export function tonesIn(pcm: Int16Array): string {
  const frames = Array.from({ length: Math.floor(pcm.length / 160) }, (_, n) =>
    keyIn(pcm.subarray(n * 160, n * 160 + 160)),
  );
  let heard = '';
  for (const [n, each] of frames.entries())
    if (each !== '' && frames[n + 1] === each && frames[n - 1] !== each) heard += each;
  return heard;
}

function keyIn(frame: Int16Array): string {
  const strongest = (of: readonly number[]) => {
    const shares = of.map((hz) => toneShare(frame, hz));
    const share = Math.max(...shares);
    return { index: shares.indexOf(share), share };
  };
  const [row, column] = [strongest(rows), strongest(columns)];
  return row.share > 0.25 && column.share > 0.25 ? (keys[row.index]?.[column.index] ?? '') : '';
}
