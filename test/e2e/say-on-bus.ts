import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { sources } from '../../contracts/envelope.ts';
import type { DevEnv } from '../../local/dev-env.ts';

/** Puts one event on the bus as a customer does: with the SDK. */
export async function sayOnBus(
  env: DevEnv,
  type: string,
  detail: unknown,
  source: string = sources.client,
): Promise<void> {
  const client = new EventBridgeClient({
    endpoint: env.cloud.endpoint,
    region: env.edgeEnvironment.AWS_REGION,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    const entry = { Source: source, DetailType: type, Detail: JSON.stringify(detail) };
    const answer = await client.send(
      new PutEventsCommand({ Entries: [{ ...entry, EventBusName: env.edgeEnvironment.TRUNKLINE_BUS }] }),
    );
    if (answer.FailedEntryCount) throw new Error(JSON.stringify(answer.Entries));
  } finally {
    client.destroy();
  }
}
