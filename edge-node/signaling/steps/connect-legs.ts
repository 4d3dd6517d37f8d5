import type { MediaSession } from '../../ports.ts';
import { credentialsOf } from '../auth/our-credentials.ts';
import type { Call, Verdict } from '../call.ts';
import { targetOf } from '../digits/modes.ts';
import { keepCallGoing } from '../joined-call.ts';
import { negotiationOf } from '../mid-call/negotiation.ts';
import { Side } from '../mid-call/side.ts';
import { isSecure, readSdp } from '../sdp.ts';
import type { Dialog } from '../sip.ts';
import { audioOf, mediaFailure } from './offer.ts';
import { lateCodecs } from './plan-codecs.ts';
import type { Step } from './step.ts';

interface Joined {
  readonly a: Dialog;
  readonly b: Dialog;
  readonly sides: NonNullable<Call['sides']>;
}

/** Answers the caller with what the target answered, joins both legs and starts the clocks of the call. */
export const connectLegs: Step = async (call) => {
  if (!call.answer || !call.media) throw new Error('legs were joined before a target answered');
  let joined: Joined | Verdict;
  try {
    joined = call.invite.sdp === undefined ? await joinLate(call, call.media) : await join(call, call.media);
  } catch (error) {
    return mediaFailure(error);
  }
  if ('reason' in joined) return joined;
  if (call.isOver) return undefined;
  call.answeredAt = call.context.clock.monotonic();
  const answered = { kind: 'final', sipStatus: 200, direction: 'in' } as const;
  if (!call.isOurs)
    call.context.metrics.invite({ ...answered, trunk: call.trunk, seconds: call.age() / 1000 });
  const { a, b } = joined.sides;
  call.sides = joined.sides;
  const codecs = { a: a.codec, b: b.codec };
  call.takesDigits = { a: takesDigits(a), b: takesDigits(b) };
  call.say('call.answered', {
    target: call.answer.target,
    ...(call.answer.trunk === undefined ? {} : { trunk: call.answer.trunk }),
    setupMs: Math.round(call.age()),
    decisionMs: Math.round(call.decisionMs),
    codecs,
    transcoded: codecs.a !== codecs.b,
    ...negotiationOf(call, call.invite.sdp === undefined ? 'b' : 'a'),
    ...(call.route?.collect === undefined ? {} : { collect: call.route.collect }),
  });
  keepCallGoing(call, joined.a, joined.b);
  return undefined;
};

/** The caller offered: the target's answer goes back through rtpengine. */
async function join(call: Call, media: MediaSession): Promise<Joined | Verdict> {
  const { b, answer } = call;
  if (!b || !answer) throw new Error('the target has no dialog');
  if (!readSdp(answer.sdp))
    return { reason: 'target-bad-media', detail: 'the 200 has no readable audio stream' };
  const sdpToA = await media.answer(answer.sdp, 'b');
  const a = await answerCaller(call, sdpToA);
  if ('reason' in a) return a;
  const sides = { a: new Side(call.invite.sdp ?? '', sdpToA), b: new Side(answer.sdp, answer.offered ?? '') };
  return { a, b, sides };
}

/** The target offered: our 200 carries its offer, and the caller's ACK the answer (RFC 3264 §4, RFC 3261 §13.2.1). */
async function joinLate(call: Call, media: MediaSession): Promise<Joined | Verdict> {
  const { answer, route } = call;
  if (!answer || !route) throw new Error('no target answered');
  const offer = readSdp(answer.sdp);
  const plan = lateCodecs(call, offer?.codecs ?? [], answer.trunk);
  if (!plan.accepted)
    return giveUp(answer, {
      reason: 'target-bad-media',
      detail: 'the offer has no codec that the policy keeps',
    });
  const { kept, transcoded, add } = plan;
  const capture = route.quality === 'capture';
  const { encryption, keying } = call.context.snapshot.current()?.config.trunks[call.trunk] ?? {};
  // Whoever calls without an offer cannot be asked twice: SRTP only where nothing else will do.
  const isDemanded = encryption === 'required';
  const sdpToA = await media.offer({
    sdp: answer.sdp,
    from: 'b',
    codecs: { kept, transcoded, add },
    keying: isDemanded ? keying : undefined,
    capture,
    ...audioOf(call, targetOf(call)),
  });
  const a = await answerCaller(call, sdpToA);
  if ('reason' in a) return giveUp(answer, a);
  const ackSdp = await Promise.race([a.acked(), aborted(call.over)]);
  if (ackSdp === undefined || !readSdp(ackSdp)) {
    return giveUp(answer, {
      reason: 'malformed-request',
      detail: 'the ACK has no SDP that answers the late offer',
    });
  }
  if (isDemanded && !isSecure(ackSdp)) {
    return giveUp(answer, { reason: 'encryption-required', detail: 'the ACK takes no SRTP' });
  }
  const sdpToB = await media.answer(ackSdp, 'a');
  const b = await answer.accept(sdpToB);
  if (call.isOver) await b.bye();
  else call.b = b;
  return { a, b, sides: { a: new Side(ackSdp, sdpToA), b: new Side(answer.sdp, sdpToB) } };
}

async function answerCaller(call: Call, sdp: string): Promise<Dialog | Verdict> {
  try {
    const a = await call.invite.answer(sdp, credentialsOf(call.trunk, call.context));
    if (call.isOver) await a.bye();
    else call.a = a;
    return a;
  } catch (cause) {
    const reason = call.invite.cancelled.aborted ? 'caller-cancelled' : 'caller-unreachable';
    return { reason, detail: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** A target whose offer stays unanswered must still be ACKed, then hung up. */
async function giveUp(answer: NonNullable<Call['answer']>, verdict: Verdict): Promise<Verdict> {
  await (await answer.accept(answer.sdp)).bye();
  return verdict;
}

const aborted = (signal: AbortSignal) =>
  new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });

/** What both sides have named. */
export const takesDigits = ({ local, remote }: Side) => [local, remote].every((sdp) => readSdp(sdp)?.dtmf);
