import { encodeTime } from 'ulid';
import { Command, type CommandOf, commands } from '../contracts/commands.ts';
import { Ulid } from '../contracts/envelope.ts';
import type { CommandRefusal } from '../contracts/events/command.ts';
import { faultsOf } from '../contracts/refusal.ts';
import { beginningOf, type CallState } from '../core/call-state.ts';
import { handToAnEdge, type OriginatePorts } from './accept-originate.ts';
import { askAgain, type Patience } from './ask-again.ts';
import type { BusEvent, Outcome } from './bus-handler.ts';
import { derivedId } from './derived-id.ts';
import { lateness } from './expiry.ts';
import type { Announcements, CommandRecords } from './ports.ts';

export interface AcceptCommandPorts extends OriginatePorts {
  readonly commands: CommandRecords;
  readonly announce: Announcements;
  /** How long a command waits for the record of its call. */
  readonly patience: Patience;
}

/** Whoever hears call.received may command at once, while the call's record is still being written: 1.5 s in all. */
export const patience: Patience = { retries: 4, minTimeout: 100, factor: 2 };

interface Refusal {
  readonly reason: CommandRefusal;
  readonly message: string;
}

/** Takes a command from the bus to the edge that owns the call, or says command.refused with what to mend. */
export const accept =
  (ports: AcceptCommandPorts) =>
  async (detail: unknown, event: BusEvent): Promise<Outcome> => {
    const command = readCommand(detail, event['detail-type']);
    if ('message' in command) return refuse(ports, event, command);
    if (command.type === 'call.originate') return begin(ports, event, command);
    const call = await recordOf(ports, command.callId);
    const way = wayTo(call, command, ports.clock.now());
    if ('queue' in way) {
      const delivered = await ports.commands.keepFirst(command);
      await ports.edges.send(way.queue, delivered);
      return { outcome: 'sent', facts: { sequence: delivered.sequence } };
    }
    // A repeated delivery of a command that was taken, and has perhaps ended the call, is not refused after the fact.
    if (call !== undefined && (await ports.commands.has(command))) return { outcome: 'duplicate' };
    return refuse(ports, event, way);
  };

async function begin(
  ports: AcceptCommandPorts,
  event: BusEvent,
  command: CommandOf<'call.originate'>,
): Promise<Outcome> {
  const handed = await handToAnEdge(ports, command);
  return typeof handed === 'object' ? refuse(ports, event, handed) : { outcome: handed };
}

function readCommand(detail: unknown, detailType: string): Command | Refusal {
  if (!Object.hasOwn(commands, detailType)) {
    const known = Object.keys(commands).join(', ');
    return {
      reason: 'invalid',
      message: `DetailType: must be one of ${known} (found "${detailType.slice(0, 128)}")`,
    };
  }
  const read = Command.safeParse(detail);
  if (!read.success) {
    const faults = faultsOf(read.error, detail).map(({ path, message }) => `${path}: ${message}`);
    return { reason: 'invalid', message: faults.join('; ') };
  }
  if (read.data.type === detailType) return read.data;
  const message = `type: must be the event's DetailType, "${detailType}" (found "${read.data.type}")`;
  return { reason: 'invalid', message };
}

/** The call's state, once it says where the edge listens or that the call is over. */
const recordOf = ({ calls, patience }: AcceptCommandPorts, callId: string): Promise<CallState | undefined> =>
  askAgain(async () => {
    const state = (await calls.load(callId, 'latest'))?.state;
    return state?.ended || (state && beginningOf(state)?.replyTo) ? state : undefined;
  }, patience);

function wayTo(
  call: CallState | undefined,
  command: Command,
  now: number,
): { readonly queue: string } | Refusal {
  const { callId } = command;
  const late = lateness(command, now);
  if (late) return late;
  if (call?.ended) {
    return {
      reason: 'call-ended',
      message: `callId: call ${callId} is over (${call.ended.reason}); there is nothing to do`,
    };
  }
  const queue = call && beginningOf(call)?.replyTo;
  if (queue !== undefined) return { queue };
  return {
    reason: 'unknown-call',
    message: `callId: no call ${callId} is known; take the callId of a call.received event`,
  };
}

/** Whatever can be read of the refused command stands in the event, so that its sender can tell which one it was. */
async function refuse(
  { announce, clock }: AcceptCommandPorts,
  event: BusEvent,
  refusal: Refusal,
): Promise<Outcome> {
  const { reason } = refusal;
  await announce.say([
    {
      version: 1,
      id: refusalId(event),
      type: 'command.refused',
      time: new Date(clock.now()).toISOString(),
      callId: ulidAt(event.detail, 'callId'),
      commandId: ulidAt(event.detail, 'id'),
      command: event['detail-type'].slice(0, 128),
      reason,
      message: refusal.message.slice(0, 1024),
    },
  ]);
  return { outcome: `refused-${reason}` };
}

/** The same however often the command is delivered: who hears both is to act once. */
function refusalId({ id, time, detail, 'detail-type': type }: BusEvent): string {
  const what = `command.refused ${type}`;
  const commandId = ulidAt(detail, 'id');
  if (commandId !== undefined) return derivedId(commandId, what);
  // EventBridge keeps its own id and time, at second precision, from delivery to delivery.
  return derivedId(encodeTime(Date.parse(time)), `${what} ${id}`);
}

function ulidAt(detail: unknown, key: 'callId' | 'id'): string | undefined {
  const named: Partial<Record<string, unknown>> =
    detail !== null && typeof detail === 'object' ? { ...detail } : {};
  return Ulid.safeParse(named[key]).data;
}
