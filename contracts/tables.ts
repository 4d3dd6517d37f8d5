/**
 * How state lies in DynamoDB. Published, because operators and customers read these tables.
 * Every write is a single conditional write; there are no transactions and no streams.
 */
export const tables = {
  /** One partition per call: its state, its events, its decision and its commands. */
  calls: {
    partitionKey: 'callId',
    sortKey: 'sk',
    /** The folded state; carries `activeEdge` while the call is up and `number`, `startedAt` for look-ups. */
    state: 'call',
    event: (seq: number) => `event#${String(seq).padStart(6, '0')}`,
    /** An event of the control plane, which has no seq. */
    controlEvent: (id: string) => `event#control#${id}`,
    eventPrefix: 'event#',
    decision: 'decision',
    command: (id: string) => `command#${id}`,
    /** Sparse: only calls that are up. Partition `activeEdge` (edge id), sort `startedAt`. */
    activeByEdge: 'active-by-edge',
    /** Partition `number` (the number called), sort `startedAt`. */
    byNumber: 'by-number',
    /** Epoch seconds after which DynamoDB deletes the item. */
    ttl: 'ttl',
  },
  /** One partition, `routing`; one item per named thing plus the version counter. */
  config: { partitionKey: 'pk', sortKey: 'sk', partition: 'routing', version: 'version' },
  /** One item per edge: {@link FleetRow}. */
  fleet: { partitionKey: 'edgeId', ttl: 'ttl' },
} as const;

/** An edge's heartbeat. A row whose `heartbeatAt` is old, or whose epoch is newer, means earlier calls are lost. */
export interface FleetRow {
  readonly edgeId: string;
  readonly region: string;
  /** Start of this edge process, ms since 1970. */
  readonly epoch: number;
  readonly queueUrl: string;
  readonly contacts: readonly string[];
  readonly calls: number;
  readonly draining: boolean;
  /** ms since 1970. */
  readonly heartbeatAt: number;
  /** Epoch seconds. */
  readonly ttl: number;
}
