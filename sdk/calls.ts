import type * as z from 'zod';
import { Command, type CommandType, type commands } from '../contracts/commands.ts';
import { faultsOf } from '../contracts/refusal.ts';
import type { CallState } from '../core/call-state.ts';

/** What a command says beside its envelope: `docs/commands.md` has every field with its limits. */
export type Fields<T extends CommandType> = Omit<
  z.input<(typeof commands)[T]>,
  'version' | 'id' | 'type' | 'callId'
>;

/** A command is on the bus. What came of it is said later, by `command.applied` or `command.refused` with `commandId`. */
export interface Sent {
  readonly callId: string;
  readonly commandId: string;
}

/**
 * Commands of calls, and what is known of them. Each method resolves once the bus has the command.
 * @throws InvalidCommand before anything is sent; whatever the AWS SDK throws where the bus does not take it.
 */
export interface Calls {
  hangup(callId: string, fields?: Fields<'call.hangup'>): Promise<Sent>;
  reject(callId: string, fields?: Fields<'call.reject'>): Promise<Sent>;
  transfer(callId: string, fields: Fields<'call.transfer'>): Promise<Sent>;
  hold(callId: string, fields?: Fields<'call.hold'>): Promise<Sent>;
  resume(callId: string, fields?: Fields<'call.resume'>): Promise<Sent>;
  sendDtmf(callId: string, fields: Fields<'call.send-dtmf'>): Promise<Sent>;
  /** `collectionId` stands in the `dtmf.collected` that follows. */
  collect(
    callId: string,
    fields: Omit<Fields<'call.collect'>, 'collectionId'>,
  ): Promise<Sent & { readonly collectionId: string }>;
  play(callId: string, fields: Fields<'call.play'>): Promise<Sent>;
  stop(callId: string): Promise<Sent>;
  updateMedia(callId: string, fields: Fields<'call.update-media'>): Promise<Sent>;
  /** Begins a call; its id is in the answer. */
  originate(fields: Fields<'call.originate'>): Promise<Sent>;
  /** The record of a call, or undefined where there is none. It follows the events by some tens of ms. */
  get(callId: string): Promise<CallState | undefined>;
}

/** A command that the platform would refuse. `faults` name each field, what stands there and what should. */
export class InvalidCommand extends Error {
  readonly faults: readonly string[];
  constructor(type: string, faults: readonly string[]) {
    super(`${type} is not right: ${faults.join('; ')}`);
    this.name = 'InvalidCommand';
    this.faults = faults;
  }
}

export interface CallsPorts {
  /** A ULID for a command, a collection or a call; the same for the same `what` makes sending again safe. */
  idFor(what: string): string;
  put(command: Command): Promise<void>;
  /** Absent where calls may not be read. */
  readonly load?: ((callId: string) => Promise<CallState | undefined>) | undefined;
}

export function callsOver({ idFor, put, load }: CallsPorts): Calls {
  const send = async (type: CommandType, callId: string, fields: object = {}): Promise<Sent> => {
    const command = readCommand(type, { ...fields, version: 1, id: idFor(type), type, callId });
    await put(command);
    return { callId: command.callId, commandId: command.id };
  };
  return {
    hangup: (callId, fields) => send('call.hangup', callId, fields),
    reject: (callId, fields) => send('call.reject', callId, fields),
    transfer: (callId, fields) => send('call.transfer', callId, fields),
    hold: (callId, fields) => send('call.hold', callId, fields),
    resume: (callId, fields) => send('call.resume', callId, fields),
    sendDtmf: (callId, fields) => send('call.send-dtmf', callId, fields),
    play: (callId, fields) => send('call.play', callId, fields),
    stop: (callId) => send('call.stop', callId),
    updateMedia: (callId, fields) => send('call.update-media', callId, fields),
    originate: (fields) => send('call.originate', idFor('call'), fields),
    async collect(callId, fields) {
      const collectionId = idFor('collection');
      return { ...(await send('call.collect', callId, { ...fields, collectionId })), collectionId };
    },
    async get(callId) {
      if (load) return load(callId);
      throw new Error('This function may not read calls: give its CallEventHandler `readsCalls: true`.');
    },
  };
}

function readCommand(type: CommandType, input: object): Command {
  const read = Command.safeParse(input);
  if (read.success) return read.data;
  const faults = faultsOf(read.error, input).map(({ path, message }) => `${path}: ${message}`);
  throw new InvalidCommand(type, faults);
}
