/** RTP of one side between two looks at it. */
export interface HeardBetween {
  readonly packets: number;
  /** Of payload, without any header. */
  readonly bytes: number;
  readonly elapsedMs: number;
  /** That rtpengine saw last; null where it does not know. */
  readonly codec: string | null;
}

/** What was agreed on with it. */
export interface MediaContract {
  /** Every codec that both sides have named. */
  readonly codecs: readonly string[];
  /** ms of audio in one packet. */
  readonly ptime: number;
  /** Whether the side has said that it sends. */
  readonly sends: boolean;
}

export interface BrokenPromise {
  readonly promise: 'codec' | 'ptime' | 'direction';
  readonly agreed: string;
  readonly found: string;
}

/** Bytes of one millisecond of audio, where they are always as many. */
const bytesPerMs: Readonly<Record<string, number>> = { pcmu: 8, pcma: 8, g722: 8, g729: 1 };

/** With fewer packets little can be said: a second of audio in the usual 20 ms. */
const ENOUGH_PACKETS = 50;
/** Packets come early and late; more of them than this share above what was agreed on are shorter ones. */
const MORE = 1.15;

/**
 * What a side sends otherwise than it has agreed to. Comfort noise, and digits, make the mean packet smaller, so smaller ones
 * alone prove nothing: there must be more of them, too. Nothing makes it larger but more audio in each.
 */
export function brokenPromises(
  heard: HeardBetween,
  { codecs, ptime, sends }: MediaContract,
): BrokenPromise[] {
  if (heard.packets < ENOUGH_PACKETS) return [];
  if (!sends) return [{ promise: 'direction', agreed: 'sends nothing', found: `${heard.packets} packets` }];
  const codec = heard.codec?.toLowerCase();
  if (codec !== undefined && codecs.length > 0 && !codecs.some((name) => name.toLowerCase() === codec))
    return [{ promise: 'codec', agreed: codecs.join(', '), found: heard.codec ?? '' }];
  const perMs = bytesPerMs[codec ?? ''];
  if (perMs === undefined) return [];
  const found = Math.round(heard.bytes / heard.packets / perMs / 10) * 10;
  const isLonger = found > ptime;
  const isShorter = found < ptime && heard.packets > (heard.elapsedMs / ptime) * MORE;
  return isLonger || isShorter ? [{ promise: 'ptime', agreed: `${ptime} ms`, found: `${found} ms` }] : [];
}
