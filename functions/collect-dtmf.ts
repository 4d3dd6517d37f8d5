import * as z from 'zod';
import type { Command } from '../contracts/commands.ts';
import type { Collection } from '../contracts/config/collections.ts';
import { CallAnswered } from '../contracts/events/call.ts';
import { DtmfCollected } from '../contracts/events/dtmf.ts';
import type { Outcome } from './bus-handler.ts';
import { type CallPorts, recordOf, replyToOf } from './call-record.ts';
import { derivedId } from './derived-id.ts';
import type { Clock, CommandRecords, EdgeQueues } from './ports.ts';
import type { Routing } from './routing.ts';

/** A call whose agent asks for digits was answered, or what it asked for has come to an end. */
export const Moment = z.discriminatedUnion('type', [CallAnswered, DtmfCollected]);
type Moment = z.infer<typeof Moment>;

export interface CollectDtmfPorts extends CallPorts {
  readonly routing: Routing;
  readonly commands: CommandRecords;
  readonly edges: EdgeQueues;
  readonly clock: Clock;
}

/** Nobody waits for digits that are asked for later than this, ms. */
const WORTH_MS = 10_000;

/**
 * Decides what is collected and what follows. The edge keeps the time and the attempts: it has the clock and the digits, and a
 * secret never leaves it. Ids are derived, so an event that is delivered twice asks once.
 */
export const collect =
  (ports: CollectDtmfPorts) =>
  async (moment: Moment): Promise<Outcome> => {
    const command = await commandFor(ports, moment);
    if (!command) return { outcome: 'nothing-to-do', routine: true };
    const queue = replyToOf(await recordOf(ports, command.callId));
    if (queue === undefined) return { outcome: 'over-already' };
    await ports.edges.send(queue, await ports.commands.keepFirst(command));
    return { outcome: 'sent', facts: { command: command.type } };
  };

async function commandFor(
  { routing, clock }: CollectDtmfPorts,
  moment: Moment,
): Promise<Command | undefined> {
  const name = moment.type === 'call.answered' ? moment.collect : moment.name;
  if (name === undefined) return undefined;
  const { collections } = (await routing.load()).config;
  const collection = Object.hasOwn(collections, name) ? collections[name] : undefined;
  if (!collection) return undefined;
  const { callId } = moment;
  if (moment.type === 'call.answered') return asking(callId, name, collection, clock.now());
  if (moment.outcome === 'complete' || collection.otherwise === 'go-on') return undefined;
  return {
    ...{ version: 1, type: 'call.hangup', callId },
    id: derivedId(callId, `hangup ${moment.collectionId}`),
    reason: `${name} was not collected`,
  };
}

function asking(callId: string, name: string, collection: Collection, now: number): Command {
  const { otherwise: _otherwise, ...rules } = collection;
  return {
    ...{ version: 1, type: 'call.collect', callId, name, leg: 'a', ...rules },
    id: derivedId(callId, `collect ${name}`),
    collectionId: derivedId(callId, `collection ${name}`),
    expiresAt: new Date(now + WORTH_MS).toISOString(),
  };
}
