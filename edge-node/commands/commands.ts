import type { DeliveredCommand } from '../../contracts/edge-message.ts';
import type { Clock, CommandOutcome, LiveCalls, Metrics, Payload } from '../ports.ts';

export interface CommandDesk {
  /** Applies a command once. Never throws: what cannot be done is said as command.refused. */
  handle(delivered: DeliveredCommand): Promise<void>;
}

export interface CommandDeskParts {
  readonly calls: Pick<LiveCalls, 'find'>;
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'message'>;
  /** Says a refusal for a call that is not here. */
  readonly refuse: (callId: string, refusal: Payload<'command.refused'>) => void;
}

/** How many command ids are remembered: more than one queue delivers again within its retention. */
const REMEMBERED = 20_000;

export function createCommandDesk({ calls, clock, metrics, refuse }: CommandDeskParts): CommandDesk {
  const known = new Set<string>();

  const firstTime = (id: string) => {
    if (known.has(id)) return false;
    known.add(id);
    const [oldest] = known.size > REMEMBERED ? known : [];
    if (oldest !== undefined) known.delete(oldest);
    return true;
  };

  return {
    async handle({ command }) {
      if (!firstTime(command.id)) return metrics.message('command', 'duplicate');
      const call = calls.find(command.callId);
      const outcome = await apply(call, command, clock);
      metrics.message('command', outcome.applied ? 'applied' : outcome.reason);
      const about = { commandId: command.id, command: command.type };
      if (outcome.applied) call?.say('command.applied', about);
      else {
        const refusal = { ...about, reason: outcome.reason, message: outcome.message.slice(0, 1024) };
        // A call that has ended says nothing more under its own numbers.
        if (call && outcome.reason !== 'call-ended') call.say('command.refused', refusal);
        else refuse(command.callId, refusal);
      }
    },
  };
}

async function apply(
  call: ReturnType<LiveCalls['find']>,
  command: DeliveredCommand['command'],
  clock: Clock,
): Promise<CommandOutcome> {
  if (command.expiresAt !== undefined && Date.parse(command.expiresAt) <= clock.now()) {
    return {
      applied: false,
      reason: 'expired',
      message: `expiresAt ${command.expiresAt} had passed when the command reached the edge`,
    };
  }
  if (!call) {
    return {
      applied: false,
      reason: 'unknown-call',
      message: `callId ${command.callId} is no call of this edge: it has ended or never was`,
    };
  }
  try {
    return await call.command(command);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { applied: false, reason: 'failed', message };
  }
}
