import type { Command, CommandType } from '../../contracts/commands.ts';
import type { LegName } from '../../contracts/events/call.ts';
import type { CommandRefusal } from '../../contracts/events/command.ts';

/** Of a call, what decides whether a command means anything now. */
export interface CommandState {
  readonly callId: string;
  /** ms since 1970. */
  readonly now: number;
  readonly isAnswered: boolean;
  readonly isOver: boolean;
  readonly isPlaying: boolean;
  readonly isTransferring: boolean;
  /** Put on hold by a command. */
  readonly held: Readonly<Record<LegName, boolean>>;
  readonly collecting: Readonly<Record<LegName, boolean>>;
  /** Calls that commands have begun. */
  readonly begun: ReadonlySet<string>;
}

interface Refusal {
  readonly reason: CommandRefusal;
  readonly message: string;
}

/** What must be so before anything else is looked at. */
const early: ReadonlySet<CommandType> = new Set(['call.hangup', 'call.reject', 'call.originate']);

/** Why platform and edge would refuse a command: functions/accept-command.ts, then edge-node/signaling, in their order. */
export function refusalOf(command: Command, state: CommandState): Refusal | undefined {
  const { expiresAt, callId, type } = command;
  if (expiresAt !== undefined && Date.parse(expiresAt) <= state.now)
    return { reason: 'expired', message: `expiresAt: ${expiresAt} is over` };
  if (type === 'call.originate')
    return state.begun.has(callId) ? wrong('the call is there already') : undefined;
  if (callId !== state.callId)
    return { reason: 'unknown-call', message: `callId: there is no call ${callId}` };
  if (state.isOver) return { reason: 'call-ended', message: 'the call has ended already' };
  if (!early.has(type) && !state.isAnswered) return wrong('the call is not answered: wait for call.answered');
  return ruleOf(command, state);
}

function ruleOf(command: Command, state: CommandState): Refusal | undefined {
  switch (command.type) {
    case 'call.reject':
      return state.isAnswered ? wrong('the call is answered: send call.hangup instead') : undefined;
    case 'call.transfer':
      return state.isTransferring
        ? wrong('a transfer is on its way: wait for call.transferred or call.transfer-failed')
        : undefined;
    case 'call.stop':
      return state.isPlaying ? undefined : wrong('nothing is played to this call');
    case 'call.hold':
      return state.held[command.leg]
        ? wrong(`leg ${command.leg} is on hold by a command already`)
        : undefined;
    case 'call.resume':
      return state.held[command.leg] ? undefined : wrong(`leg ${command.leg} is not on hold by a command`);
    case 'call.collect':
      return state.collecting[command.leg]
        ? wrong(`a collection from leg ${command.leg} runs already: wait for its dtmf.collected`)
        : undefined;
    case 'call.update-media':
      return command.codecs === undefined && command.ptime === undefined
        ? { reason: 'invalid', message: 'name codecs, ptime, or both' }
        : undefined;
    default:
      return undefined;
  }
}

const wrong = (message: string): Refusal => ({ reason: 'wrong-state', message });
