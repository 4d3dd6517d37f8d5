/** What a line of the DTMF log says of a key. */
interface LoggedKey {
  readonly callid: string;
  readonly source_tag: string;
  readonly event: number;
  /** ms */
  readonly duration: number;
  readonly volume: number;
}

/** Two keys have at least this between their ends, ms: no phone is faster (ITU-T Q.24). */
const SHORTEST_MS = 40;
/** A repeated end packet comes no later than this, ms. */
const REMEMBERED_MS = 1_000;
/** Packets are early and late: a key that was held for `duration` may seem to have been held for this share of it. */
const SURELY_HELD = 0.75;

interface Side {
  last: number;
  readonly keys: Map<string, number>;
}

/**
 * rtpengine knows the end of a key by its RTP timestamp, and remembers one: an end packet that is repeated after the next key
 * has ended is logged as a key of its own. But nobody holds a key while another is held. A line that comes sooner after the
 * last one of its side than its key was held, and says what a line shortly before it said, is a repetition.
 */
export function createRepeatedLines(): (key: LoggedKey, at: number) => boolean {
  const sides = new Map<string, Side>();
  return ({ callid, source_tag, event, duration, volume }, at) => {
    forget(sides, at);
    const name = `${callid} ${source_tag}`;
    const key = `${event} ${duration} ${volume}`;
    const side = sides.get(name);
    const tooSoon = side && at - side.last < Math.max(SHORTEST_MS, duration * SURELY_HELD);
    const before = side?.keys.get(key);
    if (tooSoon && before !== undefined && at - before < REMEMBERED_MS) return true;
    // Last in the map is who was heard last.
    sides.delete(name);
    sides.set(name, { last: at, keys: (side?.keys ?? new Map()).set(key, at) });
    return false;
  };
}

function forget(sides: Map<string, Side>, at: number): void {
  for (const [name, { last }] of sides) {
    if (at - last < REMEMBERED_MS) return;
    sides.delete(name);
  }
}
