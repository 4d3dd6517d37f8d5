import type { Logger } from 'pino';
import { type DeliveredCommand, EdgeMessage } from '../../contracts/edge-message.ts';
import { type Fault, faultsOf } from '../../contracts/refusal.ts';
import type { RouteDecision } from '../../contracts/route-decision.ts';
import type { Metrics } from '../ports.ts';

export interface MessageDoorParts {
  readonly decision: (decision: RouteDecision) => unknown;
  readonly command: (command: DeliveredCommand) => Promise<void>;
  readonly metrics: Pick<Metrics, 'message'>;
  readonly logger: Logger;
}

/** The door of the edge's queue: a message that is none of ours is told, counted and not asked for again. */
export function createMessageDoor({
  decision,
  command,
  metrics,
  logger,
}: MessageDoorParts): (body: string, trace?: string) => Promise<void> {
  return async (body, trace) => {
    const { message, faults } = read(body);
    if (!message) {
      metrics.message('unknown', 'invalid');
      logger.error({ faults }, 'a message of the queue is neither decision nor command');
    } else if (message.kind === 'decision') decision(message);
    else {
      const { id: commandId, type, callId } = message.command;
      logger.info({ commandId, type, callId, trace }, 'a command came');
      await command(message);
    }
  };
}

/** More faults of one message than a person reads. */
const shownFaults = 5;

function read(body: string): { message?: EdgeMessage; faults?: Fault[] } {
  let input: unknown;
  try {
    input = JSON.parse(body);
  } catch {
    return { faults: [{ path: '(message)', message: 'is not JSON' }] };
  }
  const parsed = EdgeMessage.safeParse(input);
  if (parsed.success) return { message: parsed.data };
  return { faults: faultsOf(parsed.error, input).slice(0, shownFaults) };
}
