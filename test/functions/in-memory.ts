import type { VersionedConfig } from '../../contracts/config.ts';
import type { DeliveredCommand, EdgeMessage } from '../../contracts/edge-message.ts';
import type { CallScopedEvent, TrunklineEvent } from '../../contracts/events.ts';
import type { RouteDecision } from '../../contracts/route-decision.ts';
import type { KnownEdge } from '../../core/choose-edge.ts';
import type {
  ActiveCalls,
  Announcements,
  CallRecord,
  CallRecords,
  Clock,
  CommandRecords,
  ConfigTable,
  DecisionRecords,
  EdgeQueues,
  Originations,
} from '../../functions/ports.ts';
import { start } from './an-event.ts';

/** The `calls` table in this process. */
export function memoryCalls() {
  const states = new Map<string, CallRecord>();
  const events = new Map<string, TrunklineEvent>();
  const sequences = new Map<string, number>();
  const delivered = new Map<string, DeliveredCommand>();

  const calls: CallRecords & ActiveCalls = {
    load: async (callId) => structuredClone(states.get(callId)),
    async save(state, after) {
      if (states.get(state.callId)?.revision !== after) return false;
      states.set(state.callId, structuredClone({ state, revision: (after ?? 0) + 1 }));
      return true;
    },
    async addEvent(event) {
      const key = `${event.callId} ${event.seq ?? event.id}`;
      if (events.has(key)) return false;
      events.set(key, event);
      return true;
    },
    eventsFrom: async (callId, from) =>
      [...events.values()]
        .filter((event): event is CallScopedEvent => 'callId' in event && event.callId === callId)
        .filter(({ seq = -1 }) => seq >= from)
        .sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0))
        .slice(0, 100),
    list: async () =>
      [...states.values()].flatMap(({ state: { callId, edge, ended, received } }) =>
        edge && received && !ended ? [{ callId, edge }] : [],
      ),
  };
  const commands: CommandRecords = {
    has: async ({ id }) => delivered.has(id),
    async keepFirst(command) {
      const known = delivered.get(command.id);
      if (known) return known;
      if (!states.has(command.callId)) throw new Error('no such call');
      const sequence = (sequences.get(command.callId) ?? 0) + 1;
      sequences.set(command.callId, sequence);
      const fresh: DeliveredCommand = { kind: 'command', version: 1, sequence, command };
      delivered.set(command.id, fresh);
      return fresh;
    },
  };
  return { calls, active: calls, commands, events };
}

/** Who began which call, and the fleet. */
export function memoryFleet(...rows: readonly KnownEdge[]) {
  const begun = new Map<string, Awaited<ReturnType<Originations['keepFirst']>>>();
  const originations: Originations = {
    async keepFirst(command, queue) {
      const standing = begun.get(command.callId) ?? { command, queue };
      begun.set(command.callId, standing);
      return standing;
    },
  };
  const known = [...rows];
  return { originations, fleet: { edges: async () => known }, known };
}

export function memoryDecisions(): DecisionRecords {
  const decisions = new Map<string, RouteDecision>();
  return {
    async keepFirst(decision) {
      const standing = decisions.get(decision.callId) ?? decision;
      decisions.set(decision.callId, standing);
      return standing;
    },
  };
}

export function memoryConfig(stored?: VersionedConfig) {
  const table = { stored, loads: 0 };
  const port: ConfigTable = {
    async load(known) {
      if (!table.stored) throw new Error('no configuration was pushed yet');
      if (table.stored.version === known) return undefined;
      table.loads += 1;
      return structuredClone(table.stored);
    },
  };
  return Object.assign(port, { table });
}

export function memoryEdges(): EdgeQueues & { readonly sent: { to: string; message: EdgeMessage }[] } {
  const sent: { to: string; message: EdgeMessage }[] = [];
  return {
    sent,
    async send(to, message) {
      sent.push({ to, message });
    },
  };
}

export function memoryBus(): Announcements & { readonly said: TrunklineEvent[] } {
  const said: TrunklineEvent[] = [];
  return {
    said,
    async say(events) {
      said.push(...events);
    },
  };
}

/** A clock that stands still until it is told to go on; ids are ULIDs of one counter. */
export function aClock(now = start) {
  const hands = { now, ids: 0 };
  const clock: Clock = {
    now: () => hands.now,
    newId() {
      hands.ids += 1;
      return `01KG${String(hands.ids).padStart(22, '0')}`;
    },
  };
  const goOn = (ms: number) => {
    hands.now += ms;
  };
  return Object.assign(clock, { goOn });
}
