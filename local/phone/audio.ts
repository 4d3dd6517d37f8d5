import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Samples a second of everything here: what G.711 carries. */
export const SAMPLE_RATE = 8_000;

/** A sine of `hz`, 16 bit mono. */
export function tone(hz: number, ms: number, amplitude = 0.5): Int16Array {
  const samples = Math.round((SAMPLE_RATE * ms) / 1000);
  return Int16Array.from({ length: samples }, (_, n) =>
    Math.round(32_767 * amplitude * Math.sin((2 * Math.PI * hz * n) / SAMPLE_RATE)),
  );
}

/** A sentence spoken by espeak-ng, brought to telephone bandwidth by sox. */
export async function speech(sentence: string): Promise<Int16Array> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-speech-'));
  try {
    const [wav, raw] = [join(folder, 'speech.wav'), join(folder, 'speech.raw')];
    await run('espeak-ng', ['-w', wav, '-s', '150', sentence]);
    await run('sox', [
      wav,
      '-r',
      String(SAMPLE_RATE),
      '-c',
      '1',
      '-b',
      '16',
      '-e',
      'signed-integer',
      '-t',
      'raw',
      raw,
      'gain',
      '-n',
      '-6',
    ]);
    return samplesOf(await readFile(raw));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Any file that sox reads. */
export async function audioFile(path: string): Promise<Int16Array> {
  const format = ['-r', String(SAMPLE_RATE), '-c', '1', '-b', '16', '-e', 'signed-integer', '-t', 'raw', '-'];
  const { stdout } = await run('sox', [path, ...format], { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 });
  return samplesOf(stdout);
}

const samplesOf = (raw: Buffer) =>
  new Int16Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + (raw.length & ~1)));

/** Root mean square, 0 to 1. */
export function loudness(samples: Int16Array): number {
  if (samples.length === 0) return 0;
  const energy = samples.reduce((sum, sample) => sum + sample * sample, 0);
  return Math.sqrt(energy / samples.length) / 32_768;
}

/** Share of the energy that lies at `hz`, 0 to 1, by the Goertzel algorithm. */
export function toneShare(samples: Int16Array, hz: number, rate = SAMPLE_RATE): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / rate);
  let [last, before, energy] = [0, 0, 0];
  for (const sample of samples) {
    [before, last] = [last, sample + coefficient * last - before];
    energy += sample * sample;
  }
  if (energy === 0) return 0;
  const power = last * last + before * before - coefficient * last * before;
  return Math.min(1, (2 * power) / (samples.length * energy));
}

/**
 * How alike two recordings are, 0 to 1, at the best shift: correlation of their loudness in steps of 20 ms. Robust
 * against codecs and against packets that come early or late, which a comparison of samples is not.
 */
export function likeness(one: Int16Array, other: Int16Array): number {
  const [a, b] = [envelope(one), envelope(other)];
  let best = 0;
  const longest = Math.max(a.length, b.length);
  for (let shift = -longest; shift <= longest; shift += 1) best = Math.max(best, correlation(a, b, shift));
  return best;
}

const STEP = SAMPLE_RATE / 50;

function envelope(samples: Int16Array): number[] {
  const steps = Math.floor(samples.length / STEP);
  return Array.from({ length: steps }, (_, index) =>
    loudness(samples.subarray(index * STEP, (index + 1) * STEP)),
  );
}

/** Pearson's coefficient over the part in which both overlap, where that is at least half of the shorter one. */
function correlation(a: readonly number[], b: readonly number[], shift: number): number {
  const from = Math.max(0, shift);
  const to = Math.min(a.length, b.length + shift);
  const count = to - from;
  if (count < Math.min(a.length, b.length) / 2 || count < 10) return 0;
  let [sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0];
  for (let at = from; at < to; at += 1) {
    const [x, y] = [a[at] ?? 0, b[at - shift] ?? 0];
    sumA += x;
    sumB += y;
    sumAA += x * x;
    sumBB += y * y;
    sumAB += x * y;
  }
  const spread = Math.sqrt((count * sumAA - sumA ** 2) * (count * sumBB - sumB ** 2));
  return !(spread > 1e-9) ? 0 : (count * sumAB - sumA * sumB) / spread;
}
