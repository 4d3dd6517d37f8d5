import type { RoutingConfigInput } from '../../../contracts/config.ts';
import type { LegName } from '../../../contracts/events/call.ts';
import { applyCommand } from '../../../edge-node/signaling/call-commands.ts';
import { FakeInvite, type Stage, stage } from './stage.ts';

/** A carrier, an agent, a number to hand on to, and another agent with two targets. */
export const transferConfig: RoutingConfigInput = {
  version: 1,
  trunks: {
    carrier: { sources: ['192.0.2.0/24'], endpoints: [{ host: '192.0.2.9', port: 5060 }] },
  },
  numbers: { '+15550100': { agent: 'echo' }, '+15550101': { agent: 'echo' } },
  routes: { out: { prefix: '+1555', from: ['carrier'], trunks: [{ trunk: 'carrier' }] } },
  agents: {
    echo: { targets: [{ uri: 'sip:echo@198.51.100.1' }] },
    desk: {
      targets: [
        { uri: 'sip:one@198.51.100.5', priority: 1 },
        { uri: 'sip:two@198.51.100.6', priority: 2 },
      ],
    },
  },
};

/** A call that is up between a carrier and the agent `echo`. */
export async function aCall(on: Stage = stage({ config: transferConfig }), invite = new FakeInvite()) {
  const before = on.attempts.length;
  on.invite(invite);
  await on.settled();
  on.attempt(before).answers();
  await on.settled();
  const call = [...on.calls.values()].find((each) => each.invite === invite);
  if (call?.answeredAt === undefined) throw new Error('the call is not up');
  const command = async (to: object, more: object = {}) => {
    const asked = { version: 1, id: on.clock.newId(), type: 'call.transfer', callId: call.id, to };
    const defaults = { kind: 'bridged', leg: 'a', ringSeconds: 30 };
    const outcome = await applyCommand(call, { ...asked, ...defaults, ...more } as never);
    await on.settled();
    return outcome;
  };
  const refer = async (by: LegName, to: string, more = {}) => {
    const status = (by === 'a' ? invite.dialog : on.attempt(before).dialog).asksFor(to, more);
    await on.settled();
    return status;
  };
  return { on, call, invite, a: invite.dialog, b: on.attempt(before).dialog, command, refer };
}

/** What was said of transfers and ends, in order. */
export const told = ({ events }: Stage) =>
  events
    .map(({ type }) => type)
    .filter((type) => /^call\.(transfer|ended)/.test(type))
    .map((type) => type.replace('call.', ''));
