import type { DigitsTaken } from '../contracts/config/codecs.ts';
import type { DigitMode } from '../contracts/events/dtmf.ts';

/** How one side of a call takes digits. */
export interface DigitSide {
  /** What the configuration says of it. */
  readonly takes: DigitsTaken;
  /** Whether its SDP has telephone-event. */
  readonly events: boolean;
}

/**
 * How a digit goes on. `flows`: rtpengine passes it on by itself, in `mode`. `info`: as INFO of that type. `play`: rtpengine
 * is asked to put it into the stream, `mode` being what becomes of it there. `none`: not at all.
 */
export type DigitWay =
  | { readonly how: 'flows' | 'play'; readonly mode: DigitMode }
  | { readonly how: 'info'; readonly type: InfoType; readonly orElse: 'play' | 'none' }
  | { readonly how: 'none' };

export type InfoType = 'application/dtmf-relay' | 'application/dtmf';

const typeOf = { info: 'application/dtmf-relay', 'info-dtmf': 'application/dtmf' } as const;

/** Into the stream of a side, where that can be. */
const played = ({ takes, events }: DigitSide): DigitWay => {
  if (takes === 'in-band') return { how: 'play', mode: 'in-band' };
  return events ? { how: 'play', mode: 'rfc4733' } : { how: 'none' };
};

/** From side to side. `came`: in the stream (packets or tones), or as INFO of a type. */
export function wayOn(came: 'stream' | InfoType, from: DigitSide, to: DigitSide): DigitWay {
  if (to.takes === 'info' || to.takes === 'info-dtmf') return asInfo(typeOf[to.takes], to);
  if (came === 'stream') {
    if (to.takes === 'in-band') return { how: 'flows', mode: 'in-band' };
    if (to.events) return { how: 'flows', mode: 'rfc4733' };
    return from.takes === 'in-band' ? { how: 'flows', mode: 'in-band' } : { how: 'none' };
  }
  const saysInfo = from.takes === 'info' || from.takes === 'info-dtmf';
  const intoStream = played(to);
  // Where neither side is said to speak INFO, an INFO that came goes on as it is, as long as the other side takes it.
  if (to.takes === 'in-band' || (saysInfo && intoStream.how === 'play')) return intoStream;
  return asInfo(came, to);
}

/** To a side, from us. */
export function wayTo(to: DigitSide): DigitWay {
  if (to.takes === 'info' || to.takes === 'info-dtmf') return asInfo(typeOf[to.takes], to);
  const intoStream = played(to);
  return intoStream.how === 'play' ? intoStream : asInfo('application/dtmf-relay', to);
}

const asInfo = (type: InfoType, to: DigitSide): DigitWay => ({
  how: 'info',
  type,
  orElse: to.takes === 'rfc4733' && to.events ? 'play' : 'none',
});
