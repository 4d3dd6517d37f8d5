import type { LegName } from '../../contracts/events/call.ts';
import type { MediaDigits } from '../ports.ts';
import type { NgRequest } from './rtpengine.ts';

interface DigitParts {
  readonly request: NgRequest;
  readonly once: NgRequest;
  /** Names one side of the call, and the call. */
  readonly side: (leg: LegName) => Readonly<Record<string, string>>;
  /** Whether the digits of a side are tones in its audio. */
  readonly inBand: (leg: LegName) => boolean;
  /** From now on nothing of the call is written down; what was is deleted. */
  readonly stopCapture: () => Promise<void>;
  /** Makes rtpengine ready to put digits into the streams; false where it is already. */
  readonly lookIn: () => Promise<boolean>;
}

/** As loud as a phone: rtpengine's own -63 dBm0 is taken for none (RFC 4733 §2.5.2.3 leaves it to the receiver), -dBm0. */
const VOLUME = 10;

/** The DTMF commands of rtpengine for one call. */
export function sessionDigits({ request, once, side, inBand, stopCapture, lookIn }: DigitParts): MediaDigits {
  return {
    prepare: lookIn,
    async play(digit, durationMs, from) {
      await once('playDTMF', { ...side(from), code: digit, duration: durationMs, volume: VOLUME });
    },
    async withhold(from, why) {
      if (why === 'secret') await stopCapture();
      // Dropped are packets only; a tone is heard unless something is put in its place.
      const tones = inBand(from) ? { 'DTMF-security': 'silence', flags: ['detect-DTMF'] } : {};
      await request('blockDTMF', { ...side(from), ...tones });
    },
    async release(from) {
      await request('unblockDTMF', { ...side(from), ...(inBand(from) ? LISTEN_FOR_TONES : {}) });
    },
  };
}

/** rtpengine 10.5 takes the flag of an offer for none of the sides; here, beside a delay, it takes it for the one named. */
export const LISTEN_FOR_TONES = { 'delay-buffer': 0, flags: ['detect-DTMF'] } as const;
