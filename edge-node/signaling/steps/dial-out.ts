import type { ConnectRoute } from '../../../contracts/route-decision.ts';
import type { TerminationReason } from '../../../contracts/terminations.ts';
import { reasonForResponse, terminations } from '../../../core/terminations.ts';
import { MediaError } from '../../ports.ts';
import { credentialsOf } from '../auth/trunk-credentials.ts';
import type { Call, Verdict } from '../call.ts';
import type { DialResult } from '../sip.ts';
import { createProgress } from './progress.ts';
import type { Step } from './step.ts';

type Target = ConnectRoute['targets'][number];
type Failed = { readonly reason: TerminationReason; readonly status: number; readonly detail: string };

/** Calls the targets in their order, one INVITE each, until one answers or one fails for good. */
export const dialOut: Step = async (call) => {
  const { trunks } = call.context;
  const targets = trunks.reachableFirst(routeOf(call).targets);
  for (const [index, target] of targets.entries()) {
    const started = call.age();
    const failed = await withinLimits(call, target);
    if (!failed || call.isOver) return undefined;
    const goesOn = terminations[failed.reason].nextTarget && !trunks.isFinal(target, failed.status);
    const tryingNext = goesOn && index + 1 < targets.length;
    call.say('call.attempt-failed', {
      target: target.id,
      reason: failed.reason,
      sipStatus: failed.status,
      durationMs: Math.round(call.age() - started),
      tryingNext,
    });
    if (!tryingNext) return verdictOf(failed);
  }
  return undefined;
};

/** A call over a trunk counts against that trunk from its INVITE to its end. */
async function withinLimits(call: Call, target: Target): Promise<Failed | undefined> {
  if (target.trunk === undefined) return tryTarget(call, target);
  const release = call.context.trunks.take(target.trunk);
  if (!release) {
    const detail = `trunk "${target.trunk}" is at its limit`;
    return { reason: 'trunk-limit', status: terminations['trunk-limit'].sip, detail };
  }
  const failed = await tryTarget(call, target);
  if (failed || call.isOver) release();
  else call.over.addEventListener('abort', release, { once: true });
  return failed;
}

/** The caller hears the callee's own status where it was the callee's choice. */
function verdictOf({ reason, status, detail }: Failed): Verdict {
  const sipStatus = terminations[reason].blame === 'callee' ? status : undefined;
  return { reason, sipStatus, detail };
}

/** Undefined: answered, and `call.answer` says by whom. */
async function tryTarget(call: Call, target: Target): Promise<Failed | undefined> {
  const sdp = await offerTo(call);
  if (typeof sdp === 'object') return sdp;
  if (call.isOver) return undefined;
  const progress = createProgress(call, target.id);
  let rangOut = false;
  const attempt = call.context.link.dial({
    uri: target.uri,
    sdp,
    from: call.invite.from,
    headers: { 'X-Trunkline-Call-Id': call.id },
    credentials: credentialsOf(target.trunk, call.context),
    onProvisional: progress.heard,
  });
  call.attempt = attempt;
  const stopRinging = call.after(routeOf(call).ringSeconds * 1000, () => {
    rangOut = true;
    attempt.cancel();
  });
  const result = await attempt.result;
  stopRinging();
  await progress.settled();
  return result.kind === 'answered' ? accept(call, target, result) : failure(result, rangOut);
}

async function accept(
  call: Call,
  target: Target,
  answer: Extract<DialResult, { kind: 'answered' }>,
): Promise<undefined> {
  delete call.attempt;
  if (call.isOver) {
    // The call ended in the very turn in which the target answered: the dialog has no other owner.
    await (await answer.accept(answer.sdp)).bye();
    return undefined;
  }
  const mostSeconds = call.context.trunks.maxDurationSeconds(target);
  call.answer = {
    target: target.id,
    sdp: answer.sdp,
    accept: answer.accept,
    ...(mostSeconds ? { mostSeconds } : {}),
  };
  if (call.invite.sdp !== undefined) call.b = await answer.accept();
  return undefined;
}

const failure = ({ status, detail }: Extract<DialResult, { kind: 'failed' }>, rangOut: boolean): Failed =>
  rangOut
    ? { reason: 'no-answer', status: 480, detail: 'rang until the ring timer ended' }
    : { reason: reasonForResponse(status), status, detail };

/** The SDP for the target: a fresh offer each time. Undefined for a late offer: the target is asked for one. */
async function offerTo(call: Call): Promise<string | undefined | Failed> {
  const { sdp } = call.invite;
  call.media ??= call.context.media.session(call.id);
  if (sdp === undefined || !call.codecPlan) return undefined;
  const { kept, transcoded, add } = call.codecPlan;
  const capture = routeOf(call).quality === 'capture';
  try {
    return await call.media.offer({ sdp, from: 'a', codecs: { kept, transcoded, add }, capture });
  } catch (error) {
    return mediaFailure(error);
  }
}

/** An engine that is away is our fault; an SDP it cannot read is the caller's. */
export function mediaFailure(error: unknown): Failed {
  if (!(error instanceof MediaError)) throw error;
  const reason = error.kind === 'bad-sdp' ? 'malformed-request' : 'media-unavailable';
  return { reason, status: terminations[reason].sip, detail: error.message };
}

function routeOf(call: Call): ConnectRoute {
  if (!call.route) throw new Error('a call was dialled before it was routed');
  return call.route;
}
