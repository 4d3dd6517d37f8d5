import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildApp } from '../../bin/app.ts';
import { sources } from '../../contracts/envelope.ts';
import type { CallScopedEvent } from '../../contracts/events.ts';
import { tables } from '../../contracts/tables.ts';
import { evolve } from '../../core/call-state.ts';
import { toItems } from '../../core/config-items.ts';
import { bootLocalCloud, type LocalCloud } from '../../local/cloud/local-cloud.ts';
import { aCall, aConfig, aHangup, anEvent, edge } from './an-event.ts';

const assembly = mkdtempSync(join(tmpdir(), 'trunkline-cloud-'));
let cloud: LocalCloud;
let db: DynamoDBDocumentClient;
let bus: EventBridgeClient;

beforeAll(async () => {
  buildApp({ outdir: assembly, validate: false }).synth();
  cloud = await bootLocalCloud({ assemblies: [assembly], retryMs: 10 });
  const client = {
    endpoint: cloud.endpoint,
    region: 'local-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  db = DynamoDBDocumentClient.from(new DynamoDBClient(client));
  bus = new EventBridgeClient(client);
  const config = aConfig({
    agents: { echo: { targets: [{ uri: 'sip:echo@192.0.2.9' }], policy: 'strict' } },
    policies: { strict: { media: { onContractBroken: 'update' } } },
  });
  for (const Item of toItems(config, 5))
    await db.send(new PutCommand({ TableName: out('ConfigTable'), Item }));
}, 60_000);

afterAll(async () => {
  db?.destroy();
  bus?.destroy();
  await cloud?.[Symbol.asyncDispose]();
  rmSync(assembly, { recursive: true, force: true });
});

beforeEach(() => {
  cloud.faults.throttledTables = 0;
  cloud.faults.duplicateDeliveries = false;
});

const out = (name: string) => {
  const value = cloud.outputs[name];
  if (value === undefined) throw new Error(`the stack has no output ${name}`);
  return value;
};
const replyTo = () => out('EdgeQueueUrlEdge1');
const inAMinute = () => new Date(Date.now() + 60_000).toISOString();

async function say(detailType: string, detail: unknown, source: string = sources.edge) {
  const Entries = [
    { EventBusName: out('BusName'), Source: source, DetailType: detailType, Detail: JSON.stringify(detail) },
  ];
  expect((await bus.send(new PutEventsCommand({ Entries }))).FailedEntryCount).toBe(0);
}

const messagesFor = (callId: string) =>
  cloud
    .queueMessages('trunkline-to-edge-1')
    .map((body) => JSON.parse(body) as Record<string, unknown>)
    .filter((message) => JSON.stringify(message).includes(callId));

async function stateItem(callId: string) {
  const key = { callId, sk: tables.calls.state };
  return (await db.send(new GetCommand({ TableName: out('CallsTable'), Key: key, ConsistentRead: true })))
    .Item;
}

const deadLetters = (of: string) =>
  cloud.queues
    .filter((name) => name === `trunkline-dead-letters-${of}`)
    .flatMap((name) => cloud.queueMessages(name));

describe('the stack on the local cloud', () => {
  test('has a stand-in for all that changes what happens', () => {
    expect(cloud.notEmulated.filter(({ type }) => type !== 'AWS::SQS::QueuePolicy')).toEqual([]);
  });

  test('call.received brings a decision to the queue of the edge and a record to the table', async () => {
    const event = anEvent('call.received', { callId: ulid(), expiresAt: inAMinute(), replyTo: replyTo() });
    await say('call.received', event);
    await cloud.settled();
    expect(messagesFor(event.callId)).toMatchObject([
      { kind: 'decision', eventId: event.id, configVersion: 5, route: { action: 'connect', agent: 'echo' } },
    ]);
    expect(await stateItem(event.callId)).toMatchObject({
      activeEdge: edge.id,
      startedAt: event.time,
      number: '+15550100',
      revision: 1,
      state: { phase: 'received', received: { trunk: 'carrier' } },
    });
  });

  test('outcomes are counted on the page of metrics, as CloudWatch would count them from the log', async () => {
    const page = async () => (await fetch(`${cloud.endpoint}/metrics`)).text();
    const sentAgain = async () =>
      Number(
        /_outcomes_total{[^}]*function="decide-route",outcome="sent-again"} (\d+)/.exec(await page())?.[1] ??
          0,
      );
    const before = await sentAgain();
    const event = anEvent('call.received', { callId: ulid(), expiresAt: inAMinute(), replyTo: replyTo() });
    await say('call.received', event);
    await cloud.settled();
    await say('call.received', event);
    await cloud.settled();
    await expect.poll(sentAgain).toBe(before + 1);
    expect(await page()).toContain('trunkline_handler_outcomes_total{fleet="trunkline",');
  });

  test('events of a whole call, each delivered twice by a table that throttles, leave one complete record', async () => {
    cloud.faults.duplicateDeliveries = true;
    cloud.faults.throttledTables = 0.2;
    const callId = ulid();
    const story = aCall(callId).map((event) => ({ ...event, replyTo: replyTo() })) as CallScopedEvent[];
    await Promise.all(story.map((event) => say(event.type, event)));
    await cloud.settled();
    cloud.faults.throttledTables = 0;
    const item = await stateItem(callId);
    expect(item?.['state']).toEqual(story.reduce<ReturnType<typeof evolve> | undefined>(evolve, undefined));
    expect(item).toMatchObject({ state: { complete: true } });
    expect(item?.['revision']).toBeLessThanOrEqual(story.length);
    expect(item).not.toHaveProperty('activeEdge');
    const rows = await db.send(
      new QueryCommand({
        TableName: out('CallsTable'),
        KeyConditionExpression: 'callId = :id AND begins_with(sk, :events)',
        ExpressionAttributeValues: { ':id': callId, ':events': tables.calls.eventPrefix },
      }),
    );
    expect(rows.Items?.map(({ event }) => event.type)).toEqual(story.map(({ type }) => type));
  });

  test('keys that are pressed quickly are folded together: fewer changes of the record than keys', async () => {
    const callId = ulid();
    const press = (seq: number) => anEvent('dtmf.received', { callId, seq, digitId: ulid() });
    const keys = Array.from({ length: 40 }, (_, seq) => press(seq));
    await Promise.all(keys.map((event) => say(event.type, event)));
    await cloud.settled();
    const item = await stateItem(callId);
    expect(item).toMatchObject({ state: { seen: [[0, 39]], digitCount: { received: 40 } } });
    expect(item?.['revision']).toBeLessThan(keys.length);
  });

  test('a command reaches the edge that owns the call; a wrong one comes back as command.refused', async () => {
    const { callId } = anEvent('call.received', { callId: ulid() });
    await say('call.ringing', anEvent('call.ringing', { callId, seq: 1 }));
    await say(
      'call.received',
      anEvent('call.received', { callId, replyTo: replyTo(), expiresAt: new Date(0).toISOString() }),
    );
    const command = aHangup({ callId });
    await say('call.hangup', command, sources.client);
    await say('call.reject', { ...command, id: ulid(), type: 'call.reject', sipStatus: 99 }, 'a.customer');
    await cloud.settled();
    expect(messagesFor(callId)).toMatchObject([{ kind: 'command', sequence: 1, command }]);
    const refused = cloud.events({ 'detail-type': ['command.refused'], detail: { callId: [callId] } });
    expect(refused).toMatchObject([
      {
        source: sources.control,
        detail: { reason: 'invalid', message: expect.stringContaining('sipStatus') },
      },
    ]);
  });

  test('a call whose edge left no heartbeat is ended by the reaper, and its record says so', async () => {
    const { callId } = anEvent('call.received', { callId: ulid() });
    await say('call.received', anEvent('call.received', { callId, replyTo: replyTo() }));
    await cloud.settled();
    cloud.fire('ReapCalls');
    await cloud.settled();
    expect(await stateItem(callId)).toMatchObject({
      state: { phase: 'ended', ended: { reason: 'edge-lost', by: 'reaper' } },
    });
    expect(await stateItem(callId)).not.toHaveProperty('activeEdge');
  });

  test('a side that breaks its promise is asked to keep it, as the policy says', async () => {
    const callId = ulid();
    const received = { callId, replyTo: replyTo(), expiresAt: inAMinute() };
    await say('call.received', anEvent('call.received', received));
    await say('call.routed', anEvent('call.routed', { callId, seq: 1 }));
    await cloud.settled();
    const promise = { leg: 'a', promise: 'ptime', agreed: '20 ms', found: '60 ms' };
    await say('media.contract-broken', anEvent('media.contract-broken', { callId, seq: 2, ...promise }));
    await cloud.settled();
    expect(messagesFor(callId)).toMatchObject([
      { kind: 'decision' },
      { kind: 'command', command: { type: 'call.update-media', leg: 'a', ptime: 20 } },
    ]);
  });

  test('a run of the reaper that fails is kept, with the error, by the function itself', async () => {
    cloud.faults.tablesDown = true;
    cloud.fire('ReapCalls');
    await cloud.settled();
    cloud.faults.tablesDown = false;
    expect(deadLetters('reap-calls')).toMatchObject([expect.stringContaining('functionError')]);
  });

  test('an event with a wrong field ends in the dead-letter queue of the function, with the path of the field', async () => {
    const event = { ...anEvent('call.ringing', { callId: ulid() }), sipStatus: 'ringing' };
    await say('call.ringing', event);
    await cloud.settled();
    const [letter] = deadLetters('project-call').filter((body) => body.includes(event.callId));
    expect(letter).toContain('UnreadableEvent');
    expect(letter).toContain('sipStatus: ');
  });

  test.each([
    ['collect-dtmf', 'call.answered', { collect: 'pin' }],
    ['codec-policy', 'call.answered', { transcoded: true }],
  ] as const)('an event that %s cannot read is kept by it, too', async (name, type, asked) => {
    const event = { ...anEvent(type, { callId: ulid() }), ...asked, setupMs: 'soon' };
    await say(type, event);
    await cloud.settled();
    const [letter] = deadLetters(name).filter((body) => body.includes(event.callId));
    expect(letter).toContain('setupMs: ');
  });

  test('a command that cannot be taken while tables are away is kept, with the error', async () => {
    const command = aHangup({ callId: ulid() });
    cloud.faults.tablesDown = true;
    await say('call.hangup', command, sources.client);
    await cloud.settled();
    cloud.faults.tablesDown = false;
    const kept = deadLetters('accept-command').filter((body) => body.includes(command.callId ?? ''));
    expect(kept).toMatchObject([expect.stringContaining('functionError')]);
  });

  test('a decision is sent to no queue but those of our edges', async () => {
    const foreign = replyTo().replace('trunkline-to-edge-1', 'payroll');
    const event = anEvent('call.received', { callId: ulid(), expiresAt: inAMinute(), replyTo: foreign });
    await say('call.received', event);
    await cloud.settled();
    expect(messagesFor(event.callId)).toEqual([]);
    expect(deadLetters('decide-route').filter((body) => body.includes(event.callId))).toMatchObject([
      expect.stringContaining('ForeignQueue'),
    ]);
  });
});
