const KEYS = '0123456789*#ABCD';
const SAMPLES_PER_MS = 8;

/** -8 dBm0, as most gateways send (RFC 4733 section 2.3.3 wants 0 to 63). */
const VOLUME = 8;

export const isKey = (key: string): boolean => key.length === 1 && KEYS.includes(key.toUpperCase());

export interface DigitPacket {
  readonly payload: Uint8Array;
  /** The first of the press (RFC 4733 section 2.5.1.2). */
  readonly marker: boolean;
  readonly isLast: boolean;
}

/** The packets of one press, one for each frame of 20 ms and three that end it (RFC 4733 section 2.5.1.4). */
export function* digitPackets(key: string, durationMs: number): Generator<DigitPacket> {
  const event = KEYS.indexOf(key.toUpperCase());
  const whole = Math.min(0xffff, Math.max(1, Math.round(durationMs / 20)) * 20 * SAMPLES_PER_MS);
  for (let duration = 160; duration < whole; duration += 160)
    yield { payload: bodyOf(event, false, duration), marker: duration === 160, isLast: false };
  for (let end = 1; end <= 3; end += 1)
    yield { payload: bodyOf(event, true, whole), marker: end === 1 && whole === 160, isLast: end === 3 };
}

function bodyOf(event: number, isEnd: boolean, duration: number): Uint8Array {
  return Uint8Array.of(event, (isEnd ? 0x80 : 0) | VOLUME, duration >> 8, duration & 0xff);
}
