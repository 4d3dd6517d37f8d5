import { join } from 'node:path';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { Duration } from 'aws-cdk-lib';
import { ulid } from 'ulid';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sources } from '../../contracts/envelope.ts';
import type { CallScopedEvent, EventType } from '../../contracts/events.ts';
import { traceOfCall } from '../../core/trace-of-call.ts';
import { eventBridgeBus } from '../../edge-node/adapters/event-bridge.ts';
import { sqsInbox } from '../../edge-node/adapters/sqs-inbox.ts';
import { createMessageDoor } from '../../edge-node/commands/inbox.ts';
import { bootLocalCloud, type LocalCloud } from '../../local/cloud/local-cloud.ts';
import { synthesizeOnce } from '../../local/cloud/synthesize.ts';
import { CallEventHandler } from '../../sdk/cdk.ts';
import { heardLogger } from '../edge-node/heard-logger.ts';
import { anEvent } from '../functions/an-event.ts';
import { aFolder } from '../local/stand-in.ts';
import { aCustomersApp, handlerFile } from './a-customers-app.ts';

let folder: Awaited<ReturnType<typeof aFolder>>;
let cloud: LocalCloud;
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
let bus: EventBridgeClient;

beforeAll(async () => {
  folder = await aFolder();
  const { app, stack, platform } = aCustomersApp(folder.path);
  type Props = Pick<ConstructorParameters<typeof CallEventHandler>[2], 'events' | 'timeout'>;
  const handler = (name: string, props: Props) =>
    new CallEventHandler(stack, name, {
      ...props,
      platform,
      entry: handlerFile(name),
      readsCalls: name === 'greet',
      once: name === 'count',
    });
  handler('greet', { events: 'call.answered' });
  handler('count', { events: 'dtmf.received' });
  handler('blocked', { events: 'call.held' });
  handler('hang', { events: 'call.ringing', timeout: Duration.seconds(1) });
  app.synth();
  cloud = await bootLocalCloud({ assemblies: [await synthesizeOnce(), join(folder.path)], retryMs: 5 });
  bus = new EventBridgeClient({ endpoint: cloud.endpoint, region: 'local-1', credentials });
}, 120_000);

afterAll(async () => {
  bus?.destroy();
  await cloud?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  cloud.faults.duplicateDeliveries = false;
});

async function say(event: CallScopedEvent) {
  const entry = {
    ...{ EventBusName: cloud.outputs['BusName'], Source: sources.edge },
    ...{ DetailType: event.type, Detail: JSON.stringify(event) },
  };
  expect((await bus.send(new PutEventsCommand({ Entries: [entry] }))).FailedEntryCount).toBe(0);
  await cloud.settled();
}

const aDigit = (callId: string, digit: string) =>
  anEvent('dtmf.received', { callId, seq: 2, digitId: ulid(), digit });

/** Commands that clients put on the bus for this call. */
const commandsFor = (callId: string) =>
  cloud
    .events({ source: [sources.client], detail: { callId: [callId] } })
    .map(({ detail }) => detail as { readonly id: string; readonly type: EventType; readonly file?: string });

const deadLettersOf = (name: string) =>
  cloud.queues
    .filter((queue) => queue.startsWith(`trunkline-dead-letters-Theirs-${name}`))
    .flatMap((queue) => cloud.queueMessages(queue));

test('a handler reads the record of the call and commands it', async () => {
  const callId = ulid();
  await say(anEvent('call.received', { callId, seq: 0, trunk: 'telnyx' }));
  await say(anEvent('call.answered', { callId, seq: 1 }));
  expect(commandsFor(callId)).toMatchObject([{ type: 'call.play', file: 'telnyx.wav' }]);
});

test('an event that is delivered twice leads to one command, sent twice with one id', async () => {
  const callId = ulid();
  cloud.faults.duplicateDeliveries = true;
  await say(anEvent('call.answered', { callId, seq: 1 }));
  const ids = commandsFor(callId).map(({ id }) => id);
  expect(ids.length).toBeGreaterThanOrEqual(2);
  expect(new Set(ids).size).toBe(1);
});

test('once: what comes again is not handled again', async () => {
  const callId = ulid();
  const event = aDigit(callId, '7');
  await say(event);
  await say(event);
  cloud.faults.duplicateDeliveries = true;
  await say(event);
  expect(commandsFor(callId)).toHaveLength(1);
});

test('a handler that throws leaves the event with its error in the dead letters, and the next one is handled', async () => {
  const callId = ulid();
  await say(aDigit(callId, '0'));
  expect(deadLettersOf('count').join()).toContain('zero is not for us');
  expect(deadLettersOf('count').join()).toContain(callId);
  await say(aDigit(callId, '1'));
  expect(commandsFor(callId)).toHaveLength(1);
});

test('an event that cannot be read ends in the dead letters with the path of the field', async () => {
  const callId = ulid();
  await say({ ...anEvent('call.answered', { callId, seq: 1 }), setupMs: -3 } as CallScopedEvent);
  expect(deadLettersOf('greet').join()).toMatch(/setupMs: Too small/);
  expect(commandsFor(callId)).toEqual([]);
});

test('a function that was not given the right to read calls says what to change', async () => {
  const callId = ulid();
  await say(anEvent('call.held', { callId, seq: 4, leg: 'a', by: 'peer', direction: 'sendonly' }));
  expect(deadLettersOf('blocked').join()).toContain('readsCalls: true');
});

test('a handler that runs out of time says of which call, and what to change', async () => {
  const callId = ulid();
  await say(anEvent('call.ringing', { callId, seq: 1 }));
  const [letter = ''] = deadLettersOf('hang');
  expect(JSON.parse(letter).responsePayload).toMatchObject({
    errorType: 'RanOutOfTime',
    errorMessage: expect.stringMatching(
      new RegExp(`^call.ringing of call ${callId} was not handled within \\d+ ms: raise \`timeout\``),
    ),
  });
});

test('an error names the line of the source', async () => {
  const callId = ulid();
  await say(aDigit(callId, '0'));
  expect(deadLettersOf('count').join()).toMatch(/handlers\/count\.ts:\d+/);
});

test('one trace leads from the edge through a handler and the platform back to the edge', async () => {
  const [callId, queueUrl = ''] = [ulid(), cloud.outputs['EdgeQueueUrlEdge1']];
  const edge = { region: 'local-1', endpoint: cloud.endpoint, credentials };
  const traced = eventBridgeBus({
    ...{ busName: cloud.outputs['BusName'] ?? '', tracedShare: 1 },
    client: new EventBridgeClient(edge),
  });
  const tell = async (event: CallScopedEvent) => {
    const { type: detailType, time } = event;
    const entry = { source: sources.edge, detailType, time, detail: JSON.stringify(event), callId };
    expect(await traced.put([entry])).toEqual([{ ok: true }]);
    await cloud.settled();
  };
  const log = heardLogger();
  const client = new SQSClient(edge);
  const nothing = async () => undefined;
  const door = createMessageDoor({
    ...{ decision: nothing, command: nothing, metrics: { message: () => undefined }, logger: log.logger },
  });
  await using _listening = sqsInbox({ queueUrl, logger: log.logger, client, waitSeconds: 1 }).listen(door);
  await tell(anEvent('call.received', { callId, seq: 0, replyTo: queueUrl }));
  await tell(anEvent('call.answered', { callId, seq: 1 }));
  const [root = ''] = traceOfCall(callId, 1).split(';');
  // Commands of the other tests lie in the queue, too.
  const came = () => log.said('a command came').filter((line) => line['callId'] === callId);
  await expect
    .poll(came)
    .toMatchObject([{ type: 'call.play', trace: expect.stringMatching(new RegExp(`${root};.*Sampled=1`)) }]);
});
