import { negotiateCodecs } from '../../../core/negotiate-codecs.ts';
import type { Step } from './step.ts';

/** Waits for the control plane, or for the edge's own snapshot when it is late. */
export const askForDecision: Step = async (call) => {
  if (!call.received) throw new Error('a decision was asked for before the call was announced');
  const decision = await call.context.decisions.decide(call.received, call.over);
  if (call.isOver) return undefined;
  const { route, source, waitMs, configVersion } = decision;
  call.decisionMs = waitMs;
  call.say('call.routed', {
    source,
    waitMs: Math.round(waitMs * 10) / 10,
    configVersion,
    ...(route.action === 'connect'
      ? { agent: route.agent, targets: route.targets.map(({ id, uri }) => ({ id, uri })) }
      : { refused: route.reason, targets: [] }),
  });
  if (route.action === 'refuse') return { reason: route.reason, sipStatus: route.sipStatus };
  call.route = route;
  return undefined;
};

/** A renegotiation may never let in what the policy excludes, so the plan is made once and kept. */
export const planCodecs: Step = (call) => {
  const offer = call.received?.offer;
  if (!offer || !call.route) return undefined;
  const plan = negotiateCodecs(offer.codecs, call.route.codecs);
  call.codecPlan = plan;
  if (plan.accepted) return undefined;
  const offered = offer.codecs.join(', ') || 'none';
  return {
    reason: 'no-common-codec',
    detail: `offered: ${offered}; the policy keeps: ${call.route.codecs.keep.join(', ')}`,
  };
};
