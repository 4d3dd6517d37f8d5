import { pcmu } from '../../gateway/media/g711.ts';

/** A steady level goes through codecs and resamplers as it is, and nobody takes it for silence. */
const STEADY = 4_000;
/** In one frame of each call in a second: what is timed. */
const PEAK = 24_000;

const table = pcmu.decode(Uint8Array.from({ length: 256 }, (_, byte) => byte));
const frameOf = (level: number) => pcmu.encode(new Int16Array(160).fill(level));

/** Frames of 20 ms, mu-law. */
export const steady = frameOf(STEADY);
export const peak = frameOf(PEAK);
export const silent = frameOf(0);

/** Of any length, in the format of a dialect. */
export const peaks = (samples: number, isPcm: boolean): Uint8Array => {
  const plain = new Int16Array(samples).fill(PEAK);
  return isPcm ? new Uint8Array(plain.buffer) : pcmu.encode(plain);
};

export type Level = 'silent' | 'steady' | 'peak';

/** What stands in for a lost frame is softer, and is none of these. */
const levelOf = (sample: number): Level =>
  sample > 0.9 * PEAK ? 'peak' : Math.abs(sample - STEADY) < 0.1 * STEADY ? 'steady' : 'silent';

/** By the last sample but a few: a frame in which a peak begins counts as one. */
export const levelOfMulaw = (frame: Uint8Array): Level => levelOf(table[frame.at(-8) ?? 255] ?? 0);
export const levelOfPcm = (frame: Buffer): Level =>
  frame.length < 16 ? 'silent' : levelOf(frame.readInt16LE(frame.length - 16));

/** ms since 1970, finer than Date.now(), the same for all processes of a machine. */
export const now = (): number => performance.timeOrigin + performance.now();
