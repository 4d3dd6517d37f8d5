import type { Command, CommandOf, CommandType } from '../../contracts/commands.ts';
import type { DeliveredCommand } from '../../contracts/edge-message.ts';
import type { Clock, CommandOutcome, LiveCall, LiveCalls, Metrics, Payload } from '../ports.ts';
import { CommandLine } from './command-line.ts';

export interface CommandDesk {
  /** Applies a command once and at its turn. Never throws: what cannot be done is said as command.refused. */
  handle(delivered: DeliveredCommand): Promise<void>;
}

export interface CommandDeskParts {
  readonly calls: Pick<LiveCalls, 'find'>;
  /** Begins a call, and says so before it returns. */
  readonly originate: (command: CommandOf<'call.originate'>) => CommandOutcome;
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'message'>;
  /** Says a refusal for a call that is not here. */
  readonly refuse: (callId: string, refusal: Payload<'command.refused'>) => void;
}

/** How many command ids are remembered: more than one queue delivers again within its retention. */
const REMEMBERED = 20_000;

/** Longest time that a call may take over one command, ms. Glare alone may hold a re-INVITE up for 4 s, twice. */
export const APPLIED_WITHIN_MS = 15_000;

const endings: ReadonlySet<CommandType> = new Set(['call.hangup', 'call.reject']);

export function createCommandDesk({
  calls,
  originate,
  clock,
  metrics,
  refuse,
}: CommandDeskParts): CommandDesk {
  const firstTime = rememberIds(REMEMBERED);
  const lines = new WeakMap<LiveCall, CommandLine>();
  const lineOf = (call: LiveCall): CommandLine => {
    const known = lines.get(call);
    if (known) return known;
    const line = new CommandLine(clock);
    lines.set(call, line);
    call.over.addEventListener('abort', () => line.close(), { once: true });
    return line;
  };
  const answer = (command: Command, call: LiveCall | undefined, outcome: CommandOutcome) => {
    metrics.message('command', outcome.applied ? 'applied' : outcome.reason);
    const about = { commandId: command.id, command: command.type };
    if (outcome.applied) {
      call?.say('command.applied', about);
      return;
    }
    const refusal = { ...about, reason: outcome.reason, message: outcome.message.slice(0, 1024) };
    // A call that has ended says nothing more under its own numbers.
    if (call && !call.over.aborted) call.say('command.refused', refusal);
    else refuse(command.callId, refusal);
  };

  return {
    async handle({ command, sequence }) {
      if (!firstTime(command.id)) return metrics.message('command', 'duplicate');
      if (command.type === 'call.originate') {
        // It stands outside the line of its call, which it brings into being.
        const outcome = isLate(command, clock) ? tooLate(command) : originate(command);
        return answer(command, calls.find(command.callId), outcome);
      }
      const call = calls.find(command.callId);
      if (!call) return answer(command, undefined, unknownCall(command));
      const endsCall = endings.has(command.type);
      const work = async () => answer(command, call, await apply(call, command, clock));
      const isDone = await lineOf(call).take({ sequence, endsCall, work });
      if (!isDone) answer(command, call, overtaken(sequence));
    },
  };
}

function rememberIds(most: number): (id: string) => boolean {
  const known = new Set<string>();
  return (id) => {
    if (known.has(id)) return false;
    known.add(id);
    const [oldest] = known.size > most ? known : [];
    if (oldest !== undefined) known.delete(oldest);
    return true;
  };
}

/** Settles within {@link APPLIED_WITHIN_MS}, and at once when the call ends. */
async function apply(call: LiveCall, command: Command, clock: Clock): Promise<CommandOutcome> {
  if (call.over.aborted) return callEnded;
  if (isLate(command, clock)) return tooLate(command);
  return new Promise((resolve) => {
    const settle = (outcome: CommandOutcome) => {
      stop();
      call.over.removeEventListener('abort', ended);
      resolve(outcome);
    };
    const ended = () => settle(callEnded);
    const stop = clock.after(APPLIED_WITHIN_MS, () => settle(tooSlow(command)));
    call.over.addEventListener('abort', ended, { once: true });
    call.command(command).then(settle, (error: unknown) => settle(failed(error)));
  });
}

const isLate = ({ expiresAt }: Command, clock: Clock): boolean =>
  expiresAt !== undefined && Date.parse(expiresAt) <= clock.now();

const tooLate = ({ expiresAt }: Command): CommandOutcome => ({
  applied: false,
  reason: 'expired',
  message: `expiresAt ${expiresAt} had passed when it was the command's turn at the edge`,
});

const callEnded: CommandOutcome = {
  applied: false,
  reason: 'call-ended',
  message: 'the call has ended already',
};

const unknownCall = ({ callId }: Command): CommandOutcome => ({
  applied: false,
  reason: 'unknown-call',
  message: `callId ${callId} is no call of this edge: it has ended or never was`,
});

const overtaken = (sequence: number): CommandOutcome => ({
  applied: false,
  reason: 'overtaken',
  message: `command ${sequence} of the call came after later ones were applied; send what the call needs now`,
});

const tooSlow = ({ type }: Command): CommandOutcome => ({
  applied: false,
  reason: 'failed',
  message: `${type} was not done within ${APPLIED_WITHIN_MS / 1000} s; look at the call before it is sent again`,
});

const failed = (error: unknown): CommandOutcome => ({
  applied: false,
  reason: 'failed',
  message: error instanceof Error ? error.message : String(error),
});
