import type { Logger } from 'pino';
import { type DeliveredCommand, EdgeMessage } from '../../contracts/edge-message.ts';
import { faultsOf } from '../../contracts/refusal.ts';
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
}: MessageDoorParts): (body: string) => Promise<void> {
  return async (body) => {
    const input = fromJson(body);
    const parsed = EdgeMessage.safeParse(input);
    if (!parsed.success) {
      metrics.message('unknown', 'invalid');
      logger.error(
        { faults: faultsOf(parsed.error, input).slice(0, 5) },
        'a message of the queue is neither decision nor command',
      );
      return;
    }
    if (parsed.data.kind === 'decision') decision(parsed.data);
    else await command(parsed.data);
  };
}

function fromJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
