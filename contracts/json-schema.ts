import * as z from 'zod';
import { PcmFromAgent, PcmToAgent } from './agent-media/pcm.ts';
import { AgentSessionEvent, AgentSessionRequest } from './agent-media/session.ts';
import { commands } from './commands.ts';
import { RoutingConfig } from './config.ts';
import { DeliveredCommand } from './edge-message.ts';
import { events } from './events.ts';
import { RouteDecision } from './route-decision.ts';

/** Everything that is said, by name: of an event or a command its type. */
export const messages = {
  ...events,
  ...commands,
  'route-decision': RouteDecision,
  'delivered-command': DeliveredCommand,
  'routing-config': RoutingConfig,
  'pcm.from-agent': PcmFromAgent,
  'pcm.to-agent': PcmToAgent,
  'agent-session-request': AgentSessionRequest,
  'agent-session-event': AgentSessionEvent,
} as const;
export type MessageName = keyof typeof messages;

/**
 * JSON Schemas (draft 2020-12) by the name of the message, as a sender writes it: what has a default may be left out.
 * They cannot say that one name must exist elsewhere in the file, nor that `seq` needs an `edge` beside it: the zod
 * schemas can, and the platform uses those.
 */
export function jsonSchemas(): Record<MessageName, object> {
  const named = Object.entries(messages).map(([name, schema]) => [name, jsonSchemaOf(name, schema)] as const);
  return Object.fromEntries(named) as Record<MessageName, object>;
}

function jsonSchemaOf(name: string, schema: z.ZodType): object {
  const { $schema, ...body } = z.toJSONSchema(schema, { io: 'input', override: dropOwnFormats });
  return { $schema, $id: `urn:trunkline:v1:${name}`, title: name, ...body };
}

/** JSON Schema has no such formats, so validators stumble over them; the patterns beside them say the same. */
const ownFormats = new Set(['cidrv4', 'cidrv6']);

function dropOwnFormats({ jsonSchema }: { jsonSchema: { format?: string } }): void {
  if (jsonSchema.format !== undefined && ownFormats.has(jsonSchema.format)) delete jsonSchema.format;
}
