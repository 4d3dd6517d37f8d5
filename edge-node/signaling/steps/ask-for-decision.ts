import { codecsFor, noCommonCodec } from './plan-codecs.ts';
import type { Step } from './step.ts';
import { handedOver } from './take-handover.ts';

/** Waits for the control plane, or for the edge's own snapshot when it is late; not where another edge has decided. */
export const askForDecision: Step = async (call) => {
  if (!call.received) throw new Error('a decision was asked for before the call was announced');
  const decision = handedOver(call) ?? (await call.context.decisions.decide(call.received, call.over));
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

/** A target that can be offered nothing by the edge's own configuration is not called; where that is all, nobody is. */
export const refuseWithoutCodec: Step = (call) => {
  const { offer, route } = call;
  if (!offer || !route) return undefined;
  const targets = route.targets.filter(({ trunk }) => codecsFor(call, trunk).accepted);
  call.route = { ...route, targets };
  return targets.length > 0 ? undefined : noCommonCodec(call);
};
