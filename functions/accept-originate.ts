import type { CommandOf } from '../contracts/commands.ts';
import type { CommandRefusal } from '../contracts/events/command.ts';
import { chooseEdge } from '../core/choose-edge.ts';
import { lateness } from './expiry.ts';
import type { CallStates, Clock, EdgeQueues, EdgeRows, Originations } from './ports.ts';

export interface OriginatePorts {
  readonly calls: CallStates;
  readonly originations: Originations;
  readonly fleet: EdgeRows;
  readonly edges: EdgeQueues;
  readonly clock: Clock;
}

type Handed = 'sent' | 'duplicate' | { readonly reason: CommandRefusal; readonly message: string };

/** An edge that lost the command for so long must not call anybody any more, ms. */
const WORTH_MS = 30_000;

/** Hands a new call to an edge of the fleet: one command to one edge, however often it is delivered. */
export async function handToAnEdge(
  { calls, originations, fleet, edges, clock }: OriginatePorts,
  command: CommandOf<'call.originate'>,
): Promise<Handed> {
  const { id, callId } = command;
  const known = (await calls.load(callId, 'latest'))?.state;
  if (known?.originated?.commandId === id) return 'duplicate';
  if (known) return taken(callId);
  const late = lateness(command, clock.now());
  if (late) return late;
  const edge = chooseEdge(await fleet.edges(), callId, clock.now());
  if (!edge)
    return { reason: 'failed', message: 'no edge is up that takes calls; send the command again later' };
  const expiresAt = command.expiresAt ?? new Date(clock.now() + WORTH_MS).toISOString();
  const first = await originations.keepFirst({ ...command, expiresAt }, edge.queueUrl);
  if (first.command.id !== id) return taken(callId);
  await edges.send(first.queue, { kind: 'command', version: 1, sequence: 1, command: first.command });
  return 'sent';
}

const taken = (callId: string): Handed => ({
  reason: 'wrong-state',
  message: `callId: call ${callId} is there already; a new call needs an id of its own`,
});
