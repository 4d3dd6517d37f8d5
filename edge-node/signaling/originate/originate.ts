import type { CommandOf } from '../../../contracts/commands.ts';
import type { Route } from '../../../contracts/route-decision.ts';
import { terminations } from '../../../core/terminations.ts';
import type { CommandOutcome } from '../../ports.ts';
import { applied, refused } from '../apply-command.ts';
import { Call } from '../call.ts';
import type { SignalingContext } from '../context.ts';
import { callBoth } from './call-both.ts';
import { OwnInvite } from './own-invite.ts';
import { inWords, planCalls } from './plan.ts';

/** Begins the call that a command asks for, and says `call.originated`; all else goes on by itself. */
export function originate(context: SignalingContext, command: CommandOf<'call.originate'>): CommandOutcome {
  const { id: commandId, callId } = command;
  if (context.calls.has(callId))
    return refused(
      'wrong-state',
      `callId: call ${callId} is there already; a new call needs an id of its own`,
    );
  const current = context.snapshot.current();
  const why = current ? context.admission.refuse(context.calls.size) : 'edge-not-ready';
  if (why || !current) return refused('failed', `this edge takes no call now: ${why}`);
  const plan = planCalls(command, current, new Date(context.clock.now()).toISOString());
  const { first, firstRoute } = plan;
  if (firstRoute.action === 'refuse') return noWay('to', firstRoute);
  const secondRoute = plan.secondRoute(current);
  if (secondRoute.action === 'refuse') return noWay('connect', secondRoute);

  const call = new Call(context, new OwnInvite(callId, first), { id: callId });
  call.opened = true;
  context.calls.set(callId, call);
  const connect = inWords(command.connect);
  call.say('call.originated', { commandId, from: first.from, to: first.to, connect }, { urgent: true });
  // What is said of its way comes after the answer to the command.
  setImmediate(() => void callBoth(call, plan, firstRoute, current.version));
  return applied;
}

const noWay = (field: 'to' | 'connect', { reason }: Extract<Route, { action: 'refuse' }>): CommandOutcome =>
  refused('failed', `${field}: ${reason}: ${terminations[reason].meaning}`);
