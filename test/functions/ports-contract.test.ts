import { PutCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { VersionedConfig } from '../../contracts/config.ts';
import type { CallScopedEvent } from '../../contracts/events.ts';
import { evolve } from '../../core/call-state.ts';
import { toItems } from '../../core/config-items.ts';
import { decideRoute } from '../../core/decide-route.ts';
import { dynamoActiveCalls } from '../../functions/adapters/dynamo-active-calls.ts';
import { dynamoCalls } from '../../functions/adapters/dynamo-calls.ts';
import { dynamoCommands } from '../../functions/adapters/dynamo-commands.ts';
import { dynamoConfig } from '../../functions/adapters/dynamo-config.ts';
import { dynamoDecisions } from '../../functions/adapters/dynamo-decisions.ts';
import { dynamoEdgeRows } from '../../functions/adapters/dynamo-fleet.ts';
import { dynamoOriginations } from '../../functions/adapters/dynamo-originations.ts';
import type {
  ActiveCalls,
  CallRecords,
  CommandRecords,
  ConfigTable,
  DecisionRecords,
  Originations,
} from '../../functions/ports.ts';
import { project } from '../../functions/project-call.ts';
import { aCall, aConfig, aHangup, anEvent, at } from './an-event.ts';
import { startTables, type TestTables } from './dynalite-tables.ts';
import { memoryCalls, memoryConfig, memoryDecisions, memoryFleet } from './in-memory.ts';

interface Ports {
  readonly calls: CallRecords;
  readonly active: ActiveCalls;
  readonly commands: CommandRecords;
  readonly decisions: DecisionRecords;
  readonly originations: Originations;
  readonly config: ConfigTable;
  push(config: VersionedConfig): Promise<void>;
}

let tables: TestTables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables[Symbol.asyncDispose]());

const expiry = () => 2_000_000_000;

const implementations: Record<string, () => Ports> = {
  'in memory': () => {
    const config = memoryConfig();
    const push = async (pushed: VersionedConfig) => {
      config.table.stored = pushed;
    };
    return { ...memoryCalls(), decisions: memoryDecisions(), ...memoryFleet(), config, push };
  },
  DynamoDB: () => {
    const { db, names } = tables;
    return {
      calls: dynamoCalls(db, names.calls, expiry),
      active: dynamoActiveCalls(db, names.calls),
      commands: dynamoCommands(db, names.calls, expiry),
      decisions: dynamoDecisions(db, names.calls, expiry),
      originations: dynamoOriginations(db, names.calls, expiry),
      config: dynamoConfig(db, names.config),
      async push({ config, version }) {
        for (const Item of toItems(config, version))
          await db.send(new PutCommand({ TableName: names.config, Item }));
      },
    };
  },
};

describe.each(Object.entries(implementations))('ports %s', (_, portsOf) => {
  const received = () => anEvent('call.received');

  test('an empty config table says so, a stored one is loaded, an unchanged one is not loaded again', async () => {
    const { config, push } = portsOf();
    await expect(config.load(undefined)).rejects.toThrow('no configuration was pushed yet');
    await push({ version: 7, config: aConfig() });
    expect(await config.load(undefined)).toEqual({ version: 7, config: aConfig() });
    expect(await config.load(7)).toBeUndefined();
    expect((await config.load(6))?.version).toBe(7);
  });

  test('the first decision of a call stays, whatever is decided later', async () => {
    const { decisions } = portsOf();
    const event = received();
    const decide = () => decideRoute(event, { version: 1, config: aConfig() }, { id: ulid(), now: at(5) });
    const first = decide();
    expect(await decisions.keepFirst(first)).toEqual(first);
    expect(await decisions.keepFirst(decide())).toEqual(first);
  });

  test('the command that began a call stays, with the queue of the edge that was chosen for it', async () => {
    const { originations } = portsOf();
    const command = (id: string, callId: string) => ({
      ...{ version: 1 as const, id, type: 'call.originate' as const, callId, ringSeconds: 30 },
      ...{ to: { number: '+15550177' }, connect: { agent: 'echo' } },
    });
    const [callId, first] = [ulid(), ulid()];
    const kept = { command: command(first, callId), queue: 'https://queue/1' };
    expect(await originations.keepFirst(kept.command, kept.queue)).toEqual(kept);
    expect(await originations.keepFirst(command(ulid(), callId), 'https://queue/2')).toEqual(kept);
  });

  test('an unknown call has no record', async () => {
    expect(await portsOf().calls.load(ulid(), 'latest')).toBeUndefined();
  });

  test('a record is saved only over the revision that was read', async () => {
    const { calls } = portsOf();
    const event = received();
    const state = evolve(undefined, event);
    expect(await calls.save(state, undefined)).toBe(true);
    expect(await calls.save(state, undefined)).toBe(false);
    expect(await calls.load(state.callId, 'latest')).toEqual({ state, revision: 1 });
    expect(await calls.save(state, 2)).toBe(false);
    expect(await calls.save(state, 1)).toBe(true);
    expect((await calls.load(state.callId, 'latest'))?.revision).toBe(2);
  });

  test('an event is filed once', async () => {
    const { calls } = portsOf();
    const event = received();
    expect(await calls.addEvent(event)).toBe(true);
    expect(await calls.addEvent(event)).toBe(false);
  });

  test('filed events are read from a seq on, in their order, without those of the control plane and of other calls', async () => {
    const { calls } = portsOf();
    const callId = ulid();
    const pressed = (seq: number) => anEvent('dtmf.received', { callId, seq, digitId: ulid() });
    const { seq: _seq, edge: _edge, ...ofControl } = anEvent('call.ended', { callId });
    const filed = [
      pressed(11),
      pressed(9),
      pressed(10),
      pressed(2),
      ofControl,
      { ...pressed(12), callId: ulid() },
    ];
    for (const event of filed) await calls.addEvent(event);
    expect((await calls.eventsFrom(callId, 9)).map(({ seq }) => seq)).toEqual([9, 10, 11]);
    expect(await calls.eventsFrom(callId, 9)).toContainEqual(filed[0]);
    expect(await calls.eventsFrom(callId, 12)).toEqual([]);
  });

  test('a call is active from its first word until its end', async () => {
    const { calls, active } = portsOf();
    const [first, ...rest] = aCall() as [CallScopedEvent, ...CallScopedEvent[]];
    const isUp = async () => (await active.list()).some(({ callId }) => callId === first.callId);
    const folded = project({ calls, patience: { retries: 0 } });
    await folded(first);
    expect(await isUp()).toBe(true);
    for (const event of rest) await folded(event);
    expect(await isUp()).toBe(false);
  });

  test('commands of a call are numbered from 1; a repeated one keeps its number', async () => {
    const { calls, commands } = portsOf();
    const { callId } = received();
    await calls.save(evolve(undefined, anEvent('call.received', { callId })), undefined);
    const [one, two] = [aHangup({ callId }), aHangup({ callId })];
    expect(await commands.has(one)).toBe(false);
    expect((await commands.keepFirst(one)).sequence).toBe(1);
    expect((await commands.keepFirst(two)).sequence).toBe(2);
    expect(await commands.keepFirst(one)).toEqual({ kind: 'command', version: 1, sequence: 1, command: one });
    expect(await commands.has(one)).toBe(true);
  });

  test('counting commands and folding events do not disturb each other', async () => {
    const { calls, commands } = portsOf();
    const [first, second] = aCall() as [CallScopedEvent, CallScopedEvent];
    const callId = String(first.callId);
    await calls.save(evolve(undefined, first), undefined);
    const before = await calls.load(callId, 'latest');
    await commands.keepFirst(aHangup({ callId }));
    expect(await calls.save(evolve(before?.state, second), before?.revision)).toBe(true);
    expect((await commands.keepFirst(aHangup({ callId }))).sequence).toBe(2);
  });

  test('a command to a call without a record is not numbered', async () => {
    await expect(portsOf().commands.keepFirst(aHangup())).rejects.toThrow();
  });

  test('events of one call, in any order, twice and all at once, leave the state of the fold', async () => {
    const { calls } = portsOf();
    const patience = { retries: 200, minTimeout: 0, maxTimeout: 2 };
    const story = aCall();
    const shuffled = fc.shuffledSubarray([...story, ...story], { minLength: story.length * 2 });
    await fc.assert(
      fc.asyncProperty(shuffled, async (deliveries) => {
        const callId = ulid();
        const events = deliveries.map((event) => ({ ...event, callId })) as CallScopedEvent[];
        await Promise.all(events.map(project({ calls, patience })));
        const inOrder = story.map((event) => ({ ...event, callId })) as CallScopedEvent[];
        const expected = inOrder.reduce<ReturnType<typeof evolve> | undefined>(evolve, undefined);
        expect((await calls.load(callId, 'latest'))?.state).toEqual(expected);
      }),
      { numRuns: 5 },
    );
  });
});

test('the fleet is read without the rows that are no edges', async () => {
  const { db, names } = tables;
  const row = {
    edgeId: ulid(),
    queueUrl: 'https://queue/1',
    calls: 2,
    draining: false,
    heartbeatAt: 5,
    epoch: 1,
  };
  for (const Item of [row, { edgeId: ulid(), heartbeatAt: 'yesterday' }])
    await db.send(new PutCommand({ TableName: names.fleet, Item }));
  expect(await dynamoEdgeRows(db, names.fleet).edges()).toMatchObject([row]);
});
