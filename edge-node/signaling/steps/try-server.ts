import { isOwnFailure } from '../../../core/server-health.ts';
import { reasonForResponse } from '../../../core/terminations.ts';
import { dialAgent, isSocket } from '../agents/dial-agent.ts';
import { credentialsFor } from '../auth/our-credentials.ts';
import type { Call } from '../call.ts';
import { passHeader } from '../registrar/handover.ts';
import { isSecure } from '../sdp.ts';
import type { DialResult, OutgoingCall } from '../sip.ts';
import type { Attempt } from '../trunks/attempts.ts';
import type { Trying } from '../trunks/server-book.ts';
import { type Failed, offerTo, routeOf } from './offer.ts';
import { presentCaller } from './present-caller.ts';
import { createProgress } from './progress.ts';
import { neverHeard, watchForSilence } from './watch-for-silence.ts';

type Failure = Extract<DialResult, { kind: 'failed' }>;
type Answered = Extract<DialResult, { kind: 'answered' }>;

/** One INVITE. Undefined: answered, and `call.answer` says by whom. */
export async function tryServer(call: Call, attempt: Attempt): Promise<Failed | undefined> {
  const { target, server } = attempt;
  if (server === undefined) {
    const [status, detail] =
      target.user === undefined
        ? [503, `no server is known for ${target.uri}`]
        : [480, `user "${target.user}" of trunk "${target.trunk}" is not registered`];
    return { reason: 'target-unavailable', status, detail };
  }
  const sdp = await offerTo(call, target, attempt.keying);
  if (typeof sdp === 'object') return sdp;
  if (call.isOver) return undefined;
  const trying = attempt.begin();
  const { result, ended, heard } = await ring(call, attempt, sdp, trying);
  if (result.kind === 'answered') {
    trying.heard('taken');
    if (attempt.keying && !attempt.plain && !isSecure(result.sdp)) return hangUpPlain(call, attempt, result);
    return accept(call, attempt, { ...result, offered: sdp });
  }
  if (call.isOver) trying.leftOff();
  else if (ended === 'rang out') trying.heard(heard ? 'taken' : 'refused');
  else judge(trying, attempt, result);
  if (ended === 'rang out')
    return { reason: 'no-answer', status: 480, detail: 'rang until the ring timer ended' };
  return { reason: reasonForResponse(result.status), status: result.status, detail: result.detail };
}

async function ring(call: Call, attempt: Attempt, sdp: string | undefined, trying: Trying) {
  const { context } = call;
  const { target, nextHop, keying, plain } = attempt;
  const progress = createProgress(call, target.id);
  const sentAt = call.age();
  const about = () =>
    ({ trunk: target.trunk, direction: 'out', seconds: (call.age() - sentAt) / 1000 }) as const;
  let ended: 'rang out' | undefined;
  let heard = false;
  const { from, headers } = presentCaller(call, target);
  const invite = isSocket(target)
    ? dialAgent(call, target, sdp)
    : context.link.dial({
        ...{ uri: target.uri, sdp, from, headers: { ...headers, ...passHeader(attempt.pass) } },
        ...(nextHop === undefined ? {} : { nextHop }),
        credentials: credentialsFor(target, context),
        onProvisional(status, sdp) {
          if (!heard) context.metrics.invite({ kind: 'rang', ...about() });
          heard = true;
          trying.heard('taken');
          const isHeard = sdp === undefined || !keying || plain || isSecure(sdp);
          progress.heard(status, isHeard ? sdp : undefined);
        },
      });
  call.attempt = invite;
  // A socket has no word for ringing: it is opened, and then it is answered.
  if (isSocket(target)) progress.heard(180, undefined);
  const stopRinging = call.after(routeOf(call).ringSeconds * 1000, () => {
    ended = 'rang out';
    invite.cancel();
  });
  const silence = watchForSilence(call, attempt, () => heard);
  const result = await Promise.race([invite.result, silence.found]);
  silence.stop();
  if (result === neverHeard) giveUp(invite);
  stopRinging();
  const sipStatus = result.kind === 'answered' ? 200 : result.status;
  if (result.kind === 'answered' && !heard) context.metrics.invite({ kind: 'rang', ...about() });
  context.metrics.invite({ kind: 'final', sipStatus, ...about() });
  await progress.settled();
  return { result, ended, heard };
}

/** The next target is called at once; an answer that comes even now finds nobody. */
function giveUp(invite: OutgoingCall): void {
  invite.cancel();
  void invite.result.then(async (result) => {
    if (result.kind === 'answered') await hangUp(result);
  });
}

const hangUp = async (answer: Answered) => (await answer.accept(answer.sdp)).bye();

/** What the failure says of the server, which is not always what it says of the call. */
function judge(trying: Trying, { target }: Attempt, { status, unheard, retryAfterSeconds }: Failure): void {
  // The 480 of a carrier is about the number called, that of an agent about the agent (RFC 3261 §21.4.18).
  const wantsPause = status === 480 && target.trunk === undefined && retryAfterSeconds !== undefined;
  if (unheard) trying.heard(unheard === 'silence' ? 'silent' : 'unreached');
  else if (!isOwnFailure(status) && !wantsPause) trying.heard('taken');
  else trying.heard('refused', retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000);
}

/** Who was asked for SRTP and answers without it would be heard by everybody. */
async function hangUpPlain(call: Call, { target }: Attempt, answer: Answered): Promise<Failed> {
  delete call.attempt;
  await hangUp(answer);
  const detail = `${target.id} answered without SRTP, which its configuration requires`;
  return { reason: 'target-bad-media', status: 488, detail };
}

async function accept(
  call: Call,
  { target }: Attempt,
  answer: Answered & { readonly offered: string | undefined },
): Promise<undefined> {
  delete call.attempt;
  if (call.isOver) {
    // The call ended in the very turn in which the target answered: the dialog has no other owner.
    await hangUp(answer);
    return undefined;
  }
  const mostSeconds = call.context.trunks.maxDurationSeconds(target);
  call.answer = {
    target: target.id,
    trunk: target.trunk,
    sdp: answer.sdp,
    offered: answer.offered,
    accept: answer.accept,
    ...(mostSeconds ? { mostSeconds } : {}),
  };
  if (call.invite.sdp !== undefined) call.b = await answer.accept();
  return undefined;
}
