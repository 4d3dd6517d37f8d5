import { terminations } from '../../../core/terminations.ts';
import type { Call, Verdict } from '../call.ts';
import type { Permit } from '../guard/spending.ts';
import type { Attempt } from '../trunks/attempts.ts';
import { type Failed, routeOf } from './offer.ts';
import { callerOf } from './present-caller.ts';
import type { Step } from './step.ts';
import { tryServer } from './try-server.ts';

/** Calls the servers of the targets in their order, one INVITE each, until one answers or one fails for good. */
export const dialOut: Step = async (call) => {
  const attempts = new Attempts(call);
  let attempt = await attempts.next();
  if (!attempt && !call.isOver) return everybodyPaused;
  while (attempt && !call.isOver) {
    const started = call.age();
    const failed = await withinLimits(call, attempt);
    if (!failed || call.isOver) return undefined;
    const durationMs = Math.round(call.age() - started);
    const following = goesOn(call, attempt, failed) ? await attempts.next(failed) : undefined;
    if (call.isOver) return undefined;
    sayFailed(call, attempt, failed, { durationMs, tryingNext: following !== undefined });
    if (!following) return verdictOf(failed);
    ringAgain(call);
    attempt = following;
  }
  return undefined;
};

/** What the failed target played has ended: without a word from us the caller would hear nothing until the next one rings. */
function ringAgain(call: Call): void {
  if (call.hearsTarget) call.invite.provisional(180);
  call.hearsTarget = false;
}

const everybodyPaused: Verdict = {
  reason: 'target-unavailable',
  detail: 'every server of every target has asked to be left alone for a while',
};

/** RFC 3261 §21.4.26, §21.6.4: the session that was offered is not acceptable. */
const refusesSrtp: ReadonlySet<number> = new Set([488, 606]);

/** The attempts of one call, without those that what has failed makes pointless. */
class Attempts {
  readonly #all: AsyncGenerator<Attempt, undefined>;
  readonly #pointless: ((attempt: Attempt) => boolean)[] = [];
  #last: Attempt | undefined;

  constructor(call: Call) {
    const { targets } = routeOf(call);
    const { trunks } = call.context;
    const [only] = targets;
    this.#all =
      call.handover && only
        ? trunks.attemptAt(only, call.handover.binding)
        : trunks.attempts(targets, call.id);
  }

  /** `failed`: what became of the attempt before. */
  async next(failed?: Failed): Promise<Attempt | undefined> {
    const last = this.#last?.target;
    const { plain } = this.#last ?? {};
    if (plain && failed && refusesSrtp.has(failed.status)) {
      this.#last = plain;
      return plain;
    }
    if (failed?.reason === 'trunk-limit' || failed?.reason === 'spend-limit')
      this.#pointless.push(({ target }) => target.trunk === last?.trunk && target.number === last?.number);
    // All servers of a name lead to the same callee (RFC 3263 §4.3): another one is for when the server fails. The
    // phones of a user stand in different places.
    const isOneCallee = last?.user === undefined;
    if (isOneCallee && (failed?.reason === 'no-answer' || failed?.reason === 'target-bad-media'))
      this.#pointless.push(({ target }) => target.id === last?.id);
    for (;;) {
      const { value } = await this.#all.next();
      if (value && this.#pointless.some((isSo) => isSo(value))) continue;
      this.#last = value;
      return value;
    }
  }
}

const goesOn = (call: Call, { target }: Attempt, { reason, status }: Failed): boolean =>
  terminations[reason].nextTarget && !call.context.trunks.isFinal(target, status);

function sayFailed(
  call: Call,
  { target, server }: Attempt,
  { reason, status, detail }: Failed,
  more: { readonly durationMs: number; readonly tryingNext: boolean },
): void {
  call.say('call.attempt-failed', {
    ...{ target: target.id, reason, sipStatus: status },
    ...(target.trunk === undefined ? {} : { trunk: target.trunk }),
    ...(server === undefined ? {} : { server }),
    detail: printable(detail),
    ...more,
  });
}

const printable = (text: string) => text.replace(/[^\x20-\x7e]/g, ' ').slice(0, 512);

/** A call over a trunk counts against that trunk from its INVITE to its end. */
async function withinLimits(call: Call, attempt: Attempt): Promise<Failed | undefined> {
  const { trunk, user } = attempt.target;
  if (trunk === undefined) return tryServer(call, attempt);
  const release = call.context.trunks.take(trunk);
  if (!release) {
    const detail = `trunk "${trunk}" is at its limit`;
    return { reason: 'trunk-limit', status: terminations['trunk-limit'].sip, detail };
  }
  // A user costs nothing: it is no carrier.
  const permit = user === undefined ? permitFor(call, attempt, trunk) : free;
  const failed = 'reason' in permit ? permit : await tryServer(call, attempt);
  if (failed || call.isOver) release();
  else {
    call.holdFor('b', release);
    if ('answered' in permit) permit.answered();
  }
  return failed;
}

const free: Permit = { answered: () => {}, release: () => {} };

/** Of each call, by trunk and number: going on to the next server of a trunk is no second call. */
const permits = new WeakMap<Call, Map<string, Permit>>();

/** What a call may cost is another matter than how many calls there may be. */
function permitFor(call: Call, { target }: Attempt, trunk: string): Permit | Failed {
  const held = permits.get(call) ?? new Map<string, Permit>();
  permits.set(call, held);
  const called = target.number ?? call.invite.to.number;
  const callOut = `${trunk} ${called}`;
  const known = held.get(callOut);
  if (known) return known;
  const caller = callerOf(call).identity.party.number;
  const permit = call.context.spending.take({ trunk, caller, called });
  if ('refused' in permit) {
    const { refused, detail } = permit;
    call.context.log.warn(`${refused} ${target.id}`, { callId: call.id, detail }, 'refused a call out');
    return { reason: refused, status: terminations[refused].sip, detail };
  }
  held.set(callOut, permit);
  call.holdFor('b', () => permit.release());
  return permit;
}

/** The caller hears the callee's own status where it was the callee's choice. */
function verdictOf({ reason, status, detail }: Failed): Verdict {
  const sipStatus = terminations[reason].blame === 'callee' ? status : undefined;
  return { reason, sipStatus, detail };
}
