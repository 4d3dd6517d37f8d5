import type { LegName, Party } from '../../../contracts/events/call.ts';
import type { ConnectRoute } from '../../../contracts/route-decision.ts';
import type { Call } from '../call.ts';
import { otherLeg } from '../mid-call/joined.ts';
import { occupantOf } from '../occupant.ts';
import type { Dialog } from '../sip.ts';
import { bridge } from '../transfer/bridge.ts';
import { Transferring } from '../transfer/transferring.ts';
import { playApology } from './apology.ts';
import { awaitAgent } from './wait-audio.ts';

interface Lost {
  readonly dialog: Dialog;
  /** By its id. */
  readonly target: string;
  readonly leg: LegName;
}

/**
 * The agent of an answered call is lost: the targets behind it are called, and who answers takes its place; the other side sees
 * nothing of it, and hears that it waits. Where there is none, or none answers, the call ends. Never rejects.
 */
export async function goOn(call: Call, { dialog, target, leg }: Lost, why: string): Promise<void> {
  const isSettled = () => call.isOver || call[leg] !== dialog;
  if (isSettled()) return;
  const { route, party } = occupantOf(call, leg);
  const others = remaining(route, target);
  call.say('media.agent-lost', { leg, target, detail: why.slice(0, 512), left: others?.targets.length ?? 0 });
  // Nothing need come from it any more.
  call.held[leg] = true;
  awaitAgent(call, leg);
  // A transfer that is on its way has a better place for the other side; where it fails, there are still the others.
  while (call.transfer && !isSettled()) await call.transfer.decided;
  if (others && !isSettled()) await callOthers(call, leg, others, party);
  if (isSettled()) return;
  await call.waits[leg]?.end();
  await playApology(call, otherLeg(leg), { prompt: route?.lostPrompt, cause: 'lost' });
  void call.end({ reason: 'target-unavailable', by: leg, detail: `${target} was lost: ${why}` });
}

async function callOthers(call: Call, leg: LegName, route: ConnectRoute, to: Party): Promise<void> {
  const target = route.targets.map(({ id }) => id).join(', ');
  const transfer = new Transferring(call, { kind: 'bridged', by: 'command', target, stays: otherLeg(leg) });
  transfer.begin();
  if (!transfer.isOver) await bridge(call, { transfer, route, to });
}

function remaining(route: ConnectRoute | undefined, lost: string): ConnectRoute | undefined {
  const at = route?.targets.findIndex(({ id }) => id === lost) ?? -1;
  const targets = route?.targets.slice(at + 1) ?? [];
  return route && at >= 0 && targets.length > 0 ? { ...route, targets } : undefined;
}
