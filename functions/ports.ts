import type { Command, CommandOf } from '../contracts/commands.ts';
import type { VersionedConfig } from '../contracts/config.ts';
import type { DeliveredCommand, EdgeMessage } from '../contracts/edge-message.ts';
import type { CallScopedEvent, TrunklineEvent } from '../contracts/events.ts';
import type { RouteDecision } from '../contracts/route-decision.ts';
import type { FleetRow } from '../contracts/tables.ts';
import type { CallState } from '../core/call-state.ts';
import type { KnownEdge } from '../core/choose-edge.ts';
import type { ActiveCall } from '../core/find-calls-to-reap.ts';

/** Time and ids: what a test may want to hold in its hand. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** A new ULID. */
  newId(): string;
}

/** The `config` table. */
export interface ConfigTable {
  /** `undefined`: the version is still `known`. Throws when no configuration was ever stored. */
  load(known: number | undefined): Promise<VersionedConfig | undefined>;
}

/** What stands in the table of one call. `revision` rises by one with every change of `state`. */
export interface CallRecord {
  readonly state: CallState;
  readonly revision: number;
}

export interface CallStates {
  /** `cached`: may be some moments old, at half the price. */
  load(callId: string, freshness: 'cached' | 'latest'): Promise<CallRecord | undefined>;
}

/** The state and the events of calls. */
export interface CallRecords extends CallStates {
  /** False, and nothing is written, when the record is no longer at revision `after` (undefined: no record yet). */
  save(state: CallState, after: number | undefined): Promise<boolean>;
  /** Files the event under its call unless one stands there already: true when it is new. */
  addEvent(event: CallScopedEvent): Promise<boolean>;
  /** Events of the call that are filed and have this seq or a later one, in order; a hundred of them at most. */
  eventsFrom(callId: string, seq: number): Promise<readonly CallScopedEvent[]>;
}

/** Calls that are up, as their index knows them: it may be some moments behind. */
export interface ActiveCalls {
  list(): Promise<readonly ActiveCall[]>;
}

/** Commands that were accepted, numbered per call from 1. */
export interface CommandRecords {
  has(command: Command): Promise<boolean>;
  /** Stores the command unless its id stands already; what stands is returned, with the number that it got first. */
  keepFirst(command: Command): Promise<DeliveredCommand>;
}

/** Which command began a call, and at which edge. */
export interface Originations {
  /** Stores both unless the call has a command that began it; what stands is returned. */
  keepFirst(
    command: CommandOf<'call.originate'>,
    queue: string,
  ): Promise<{ readonly command: CommandOf<'call.originate'>; readonly queue: string }>;
}

/** The edges, as each said of itself at its last heartbeat. */
export interface EdgeRows {
  edges(): Promise<readonly KnownEdge[]>;
}

/** Heartbeats of the edges. */
export interface Fleet {
  rows(): Promise<readonly Heartbeat[]>;
}
export type Heartbeat = Pick<FleetRow, 'edgeId' | 'epoch' | 'heartbeatAt'>;

/** The one decision of each call. */
export interface DecisionRecords {
  /** Stores `decision` unless the call has one already; the one that stands is returned. */
  keepFirst(decision: RouteDecision): Promise<RouteDecision>;
}

/** The queues of our own edges. */
export interface EdgeQueues {
  /** Throws {@link ForeignQueue} when `replyTo` is not the queue of an edge of this platform. */
  send(replyTo: string, message: EdgeMessage): Promise<void>;
}

/** A message would have left the platform: `replyTo` names a queue that is not an edge's. */
export class ForeignQueue extends Error {
  constructor(prefix: string) {
    super(`replyTo: must be the URL of an SQS queue whose name begins with "${prefix}"`);
    this.name = 'ForeignQueue';
  }
}

/** Says an event to everybody, as the control plane. */
export interface Announcements {
  say(events: readonly TrunklineEvent[]): Promise<void>;
}
