/** What came of one request to one server. `sentAt` is when it went out, ms. */
export interface Heard {
  readonly sentAt: number;
  /**
   * `taken`: it dealt with the request, whatever it answered. `refused`: it answered, and failed by itself. `silent`: no
   * response at all. `unreached`: the transport is broken. `answered-options`: it is there, which says nothing of INVITEs.
   */
  readonly outcome: 'taken' | 'refused' | 'silent' | 'unreached' | 'answered-options';
  /** For so long, ms, a server that refused wants no more calls (RFC 3261 §20.33). */
  readonly pauseMs?: number;
}

/** Why and how long a server gets no ordinary calls. */
interface Mark {
  readonly why: 'refused' | 'silent' | 'unreached' | 'pause';
  readonly since: number;
  readonly until: number;
  /** How often in a row it was found so, from 1. */
  readonly times: number;
  /** When a call was sent to see whether it is well again. */
  readonly trialAt?: number;
}

/** What calls have taught of one server; probes by OPTIONS are told apart (`endpoint-health.ts`). Times in ms. */
export interface ServerHealth {
  readonly mark?: Mark;
  /** When the two youngest requests that were taken had been sent. */
  readonly takenAt: readonly number[];
  /** Refusals without one taken between them. */
  readonly refusals: { readonly count: number; readonly since: number };
}

export const unknownServer: ServerHealth = { takenAt: [], refusals: { count: 0, since: 0 } };

/** No Retry-After counts for longer. */
const LONGEST_PAUSE_MS = 300_000;
/** So many calls in a row, over at least so long, and none taken: that is no rate limit, which would let some through. */
const REFUSALS = { count: 3, overMs: 2_000 };
/** A server that took a call that was sent so lately is working: what it refuses besides was one call too many. */
const TAKEN_LATELY_MS = 5_000;
const BACK_OFF_MS = { first: 5_000, most: 60_000 };
/** A trial of which nothing was heard for so long is none any more. */
const TRIAL_MS = 60_000;

/**
 * up ──silent, unreached, refused again and again──▶ down ──time is over──▶ trial ──taken──▶ up
 *  └──a pause was asked for──▶ paused ──time is over──▶ trial                  └──failed──▶ down, twice as long
 */
export type Standing = 'up' | 'trial' | 'down' | 'paused';

/** `trial`: one call may find out; while it does, others take the server to be down. */
export function standing({ mark }: ServerHealth, now: number): Standing {
  if (!mark) return 'up';
  if (now < mark.until) return mark.why === 'pause' ? 'paused' : 'down';
  return mark.trialAt === undefined || now - mark.trialAt >= TRIAL_MS ? 'trial' : 'down';
}

/** A call goes there to find out whether the server is well again. */
export const onTrial = (health: ServerHealth, now: number): ServerHealth =>
  health.mark ? { ...health, mark: { ...health.mark, trialAt: now } } : health;

/** The trial ended without a word of the server: the next call may find out. */
export function trialLeftOff(health: ServerHealth): ServerHealth {
  if (!health.mark) return health;
  const { trialAt: _, ...mark } = health.mark;
  return { ...health, mark };
}

export function afterHeard(health: ServerHealth, heard: Heard, now: number): ServerHealth {
  switch (heard.outcome) {
    case 'taken':
      return afterTaken(health, heard.sentAt);
    case 'answered-options': {
      const isBack = health.mark?.why === 'unreached' && heard.sentAt >= health.mark.since;
      return isBack ? withoutMark(health) : health;
    }
    case 'refused':
      return afterRefusal(health, heard, now);
    default:
      return marked(health, heard.outcome, now);
  }
}

/** What was sent before the server was found to be down says nothing of it now. */
function afterTaken(health: ServerHealth, sentAt: number): ServerHealth {
  const takenAt = [...new Set([...health.takenAt, sentAt])].sort((one, other) => one - other).slice(-2);
  const known = { ...health, takenAt, refusals: unknownServer.refusals };
  return health.mark && sentAt < health.mark.since ? known : withoutMark(known);
}

/** A call that rang before it was refused counts for nothing here. */
function afterRefusal(health: ServerHealth, { pauseMs, sentAt }: Heard, now: number): ServerHealth {
  const { count, since } = health.refusals;
  const refusals = { count: count + 1, since: count === 0 ? now : since };
  const known = { ...health, refusals };
  const takesOthers = health.takenAt.some((at) => at !== sentAt && now - at < TAKEN_LATELY_MS);
  if (pauseMs !== undefined && !takesOthers) return marked(known, 'pause', now, pauseMs);
  const isOut = refusals.count >= REFUSALS.count && now - refusals.since >= REFUSALS.overMs;
  return isOut || health.mark?.trialAt !== undefined ? marked(known, 'refused', now) : known;
}

/** What fails while it is known to be down changes nothing; a trial that fails makes the time longer. */
function marked(health: ServerHealth, why: Mark['why'], now: number, pauseMs = 0): ServerHealth {
  const { mark } = health;
  if (mark && mark.trialAt === undefined && why !== 'pause' && now < mark.until) return health;
  const times = mark ? mark.times + 1 : 1;
  const backOff = Math.min(BACK_OFF_MS.first * 2 ** (times - 1), BACK_OFF_MS.most);
  const wait = why === 'pause' ? Math.min(pauseMs, LONGEST_PAUSE_MS) : backOff;
  return { ...health, mark: { why, since: now, until: now + wait, times } };
}

function withoutMark({ mark: _, ...health }: ServerHealth): ServerHealth {
  return health;
}

/** Whether a final response means that the server failed, not that the call could not be completed. */
export const isOwnFailure = (sipStatus: number): boolean => [408, 500, 502, 503, 504].includes(sipStatus);
