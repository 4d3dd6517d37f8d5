import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { describe, expect, test } from 'vitest';
import { awsClient } from '../../../edge-node/adapters/aws-client.ts';
import { eventBridgeBus } from '../../../edge-node/adapters/event-bridge.ts';
import type { BusEntry, EventBus } from '../../../edge-node/ports.ts';
import { MemoryBus } from '../outbox/memory-bus.ts';
import { anAwsEndpoint } from './aws-endpoint.ts';

/** A bus, and the hand that moves what lies behind it. */
interface Stage {
  readonly bus: EventBus;
  /** Details of the entries that were taken, in their order. */
  taken(): string[];
  /** Entries with this detail fail for the reason. */
  fail(detail: string, code: string): void;
  goAway(): void;
}

async function inMemory(): Promise<Stage> {
  const bus = new MemoryBus();
  return {
    bus,
    taken: () => bus.taken.map(({ detail }) => detail),
    fail(failing, code) {
      bus.answer = ({ detail }) => (detail === failing ? { ok: false, code, message: code } : undefined);
    },
    goAway() {
      bus.away = new Error('away');
    },
  };
}

async function eventBridge(): Promise<Stage> {
  const taken: string[] = [];
  const failing = new Map<string, string>();
  let away = false;
  const endpoint = await anAwsEndpoint(({ body }) => {
    if (away) return 'reset';
    const Entries = (body['Entries'] as { Detail: string }[]).map(({ Detail }, index) => {
      const code = failing.get(Detail);
      if (code) return { ErrorCode: code, ErrorMessage: code };
      taken.push(Detail);
      return { EventId: String(index) };
    });
    return { body: { FailedEntryCount: failing.size, Entries } };
  });
  const client = new EventBridgeClient({ ...awsClient(), ...endpoint.client });
  return {
    bus: eventBridgeBus({ busName: 'calls', client }),
    taken: () => taken,
    fail: (detail, code) => void failing.set(detail, code),
    goAway() {
      away = true;
    },
  };
}

const entries = (count: number): BusEntry[] =>
  Array.from({ length: count }, (_, index) => ({
    source: 'trunkline.edge',
    detailType: 'call.ringing',
    time: '2026-01-31T12:00:00.000Z',
    detail: `{"n":${index}}`,
  }));

describe.each([
  ['in memory', inMemory],
  ['EventBridge', eventBridge],
])('an event bus: %s', (_name, stage) => {
  test('takes up to ten entries and says so of each', async () => {
    const { bus, taken } = await stage();
    expect(await bus.put(entries(10))).toEqual(entries(10).map(() => ({ ok: true })));
    expect(taken()).toEqual(entries(10).map(({ detail }) => detail));
  });

  test('fails entry by entry: the others are taken', async () => {
    const { bus, taken, fail } = await stage();
    fail('{"n":1}', 'ThrottlingException');
    expect(await bus.put(entries(3))).toEqual([
      { ok: true },
      { ok: false, code: 'ThrottlingException', message: 'ThrottlingException' },
      { ok: true },
    ]);
    expect(taken()).toEqual(['{"n":0}', '{"n":2}']);
  });

  test('throws when it cannot be reached', async () => {
    const { bus, goAway } = await stage();
    goAway();
    await expect(bus.put(entries(1))).rejects.toThrow();
  });
});
