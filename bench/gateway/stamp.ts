/** Bytes of a stamp in a frame of mu-law. */
const LENGTH = 16;

/** Values that mu-law brings back as they were: no silence (0x7f, 0xff), of which there are two. */
const FIRST = 0x10;

/** A loud frame, of which nobody would say that it is silence, with a time in it: ms since 1970 in thousandths. */
export function stamped(ms: number): Buffer {
  const frame = Buffer.alloc(160, 0x21);
  let left = Math.round(ms * 1_000);
  for (let at = LENGTH - 1; at >= 0; at -= 1) {
    frame[at] = FIRST + (left % 16);
    left = Math.floor(left / 16);
  }
  return frame;
}

/** The time in a frame; undefined in one that has none. */
export function stampOf(frame: Uint8Array): number | undefined {
  let value = 0;
  for (let at = 0; at < LENGTH; at += 1) {
    const digit = (frame[at] ?? 0) - FIRST;
    if (digit < 0 || digit > 15) return undefined;
    value = value * 16 + digit;
  }
  return value / 1_000;
}

/** ms since 1970, finer than Date.now(), the same for all processes of a machine. */
export const now = (): number => performance.timeOrigin + performance.now();
