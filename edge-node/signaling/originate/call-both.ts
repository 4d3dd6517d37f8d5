import type { ConnectRoute } from '../../../contracts/route-decision.ts';
import { Call, type Verdict } from '../call.ts';
import { readSdp } from '../sdp.ts';
import { refuseWithoutCodec } from '../steps/ask-for-decision.ts';
import { connectLegs } from '../steps/connect-legs.ts';
import { dialOut } from '../steps/dial-out.ts';
import { mediaFailure } from '../steps/offer.ts';
import { orApologize } from '../steps/or-apologize.ts';
import { inOrder } from '../steps/step.ts';
import { type FirstLegMedia, firstLegMedia } from './first-leg-media.ts';
import { OwnInvite } from './own-invite.ts';
import { ownOffer } from './own-offer.ts';
import type { Plan } from './plan.ts';

const callSecond = inOrder(refuseWithoutCodec, orApologize(dialOut), connectLegs);

/** Calls the first party and, once it has answered, the second one. Never rejects. */
export async function callBoth(
  call: Call,
  plan: Plan,
  route: ConnectRoute,
  configVersion: number,
): Promise<void> {
  try {
    const { agent, targets } = route;
    call.say('call.routed', {
      ...{
        source: 'snapshot',
        waitMs: 0,
        configVersion,
        targets: targets.map(({ id, uri }) => ({ id, uri })),
      },
      ...(agent === undefined ? {} : { agent }),
    });
    const verdict = await callFirst(call, plan, route);
    if (call.isOver) return;
    if (verdict) return await call.end(verdict);
    await callSecond(call);
  } catch (error) {
    call.context.logger.error({ callId: call.id, err: error }, 'a step of a call of ours failed');
    const detail = error instanceof Error ? error.message : String(error);
    await call.end({ reason: 'internal-error', detail });
  }
}

/** The first party is called as a target is, by somebody who is not there; when it has answered it takes that one's place. */
async function callFirst(call: Call, plan: Plan, route: ConnectRoute): Promise<Verdict | undefined> {
  const media = firstLegMedia(call);
  const dialling = diallingFor(call, plan, route, media);
  const failed = await dialOut(dialling);
  const { b: dialog, answer } = dialling;
  if (failed || call.isOver || !dialog || !answer) return failed ?? undefined;
  call.a = dialog;
  call.trunk = answer.trunk ?? '';
  dialog.onBye(() => {
    if (call.answeredAt === undefined) void call.end({ reason: 'caller-hangup', by: 'a' });
  });
  const offer = readSdp(answer.sdp);
  if (!offer) return { reason: 'target-bad-media', detail: 'the 200 has no readable audio stream' };
  try {
    await call.media?.answer(answer.sdp, 'a');
  } catch (error) {
    return mediaFailure(error);
  }
  if (call.isOver) return undefined;
  const current = call.context.snapshot.current();
  const next = current && plan.secondRoute(current, offer);
  if (!next || next.action === 'refuse') return { reason: next?.reason ?? 'edge-not-ready' };
  const seconds = [
    next.maxDurationSeconds,
    route.maxDurationSeconds,
    answer.mostSeconds ?? Number.POSITIVE_INFINITY,
  ];
  call.route = { ...next, maxDurationSeconds: Math.min(...seconds) };
  call.offer = offer;
  if (call.invite instanceof OwnInvite)
    call.invite.isAnswered({ dialog, sdp: answer.sdp, told: media.told }, plan.second);
  call.say('call.leg-answered', {
    ...{ leg: 'a', target: answer.target, targets: next.targets.map(({ id, uri }) => ({ id, uri })) },
    ...(next.agent === undefined ? {} : { agent: next.agent }),
  });
  return undefined;
}

/** What it holds (a trunk's line, the cost of the call) it holds until its side leaves or the whole call ends. */
function diallingFor(call: Call, plan: Plan, route: ConnectRoute, media: FirstLegMedia): Call {
  const sdp = ownOffer(route.codecs);
  const invite = new OwnInvite(call.id, { ...plan.first, sdp });
  const dialling = new Call(call.context, invite, { id: call.id, voice: call.say });
  dialling.route = route;
  dialling.offer = readSdp(sdp);
  dialling.media = media;
  const over = () => void dialling.end({ reason: 'internal-error' });
  call.holdFor('a', over);
  return dialling;
}
