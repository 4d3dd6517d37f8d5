import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { Command } from '../../contracts/commands.ts';
import { sources } from '../../contracts/envelope.ts';
import type { CallState } from '../../core/call-state.ts';
import { dynamoDb, eventBridge } from '../../functions/adapters/clients.ts';
import { dynamoCallStates } from '../../functions/adapters/dynamo-calls.ts';
import { currentTrace } from '../../functions/adapters/trace.ts';
import { handlerVariables } from '../variables.ts';

export interface PlatformNames {
  /** Name or ARN of the platform's bus. */
  readonly bus: string;
  /** Name of the table of calls; without it `calls.get` is refused. */
  readonly callsTable?: string | undefined;
}

export interface PlatformDoor {
  put(command: Command): Promise<void>;
  readonly load?: ((callId: string) => Promise<CallState | undefined>) | undefined;
  /** Of the invocation that runs. */
  trace(): string | undefined;
}

/** The way to the platform by names: its bus takes commands, its table tells what is known of a call. */
export function platformAt({ bus, callsTable }: PlatformNames): PlatformDoor {
  const client = eventBridge();
  return {
    trace: currentTrace,
    put: (command) => putCommand(client, bus, command),
    ...(callsTable === undefined ? {} : { load: reading(callsTable) }),
  };
}

let door: PlatformDoor | undefined;

/** The same by the environment that a CallEventHandler gives its function; one for the life of an instance. */
export function platformOf(from: NodeJS.ProcessEnv = process.env): PlatformDoor {
  const bus = from[handlerVariables.bus];
  if (!bus)
    throw new Error(
      `This function has no ${handlerVariables.bus}: deploy it with CallEventHandler, which sets it.`,
    );
  door ??= platformAt({ bus, callsTable: from[handlerVariables.callsTable] });
  return door;
}

function reading(table: string): (callId: string) => Promise<CallState | undefined> {
  const states = dynamoCallStates(dynamoDb(), table);
  return async (callId) => (await states.load(callId, 'latest'))?.state;
}

async function putCommand(client: EventBridgeClient, bus: string, command: Command): Promise<void> {
  const TraceHeader = currentTrace();
  const entry = {
    EventBusName: bus,
    Source: sources.client,
    DetailType: command.type,
    Detail: JSON.stringify(command),
    ...(TraceHeader === undefined ? {} : { TraceHeader }),
  };
  const { FailedEntryCount, Entries } = await client.send(new PutEventsCommand({ Entries: [entry] }));
  if (!FailedEntryCount) return;
  const { ErrorCode, ErrorMessage } = Entries?.[0] ?? {};
  throw new Error(`Bus ${bus} did not take ${command.type}: ${ErrorCode ?? 'no code'} ${ErrorMessage ?? ''}`);
}
