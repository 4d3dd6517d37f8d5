import * as z from 'zod';

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
    /** The call.originate that began the call, and the queue of the edge that was chosen for it. */
    origin: 'origin',
    /** Sparse: only calls that are up. Partition `activeEdge` (edge id), sort `startedAt`. */
    activeByEdge: 'active-by-edge',
    /** Partition `number` (the number called), sort `startedAt`. */
    byNumber: 'by-number',
    /** Epoch seconds after which DynamoDB deletes the item. */
    ttl: 'ttl',
  },
  /**
   * One partition, `routing`. Each push writes a revision of its own, one item per named thing, and then turns the item
   * `version` ({@link ConfigVersionRow}) to it: what that does not name is no configuration.
   */
  config: {
    partitionKey: 'pk',
    sortKey: 'sk',
    partition: 'routing',
    version: 'version',
    /** How the sort keys of a revision begin; `trunk#carrier` or the like follows. */
    revision: (revision: string) => `revision#${revision}#`,
  },
  /** One item per edge: {@link FleetRow}. */
  fleet: { partitionKey: 'edgeId', ttl: 'ttl' },
  /** One item per place where a user of a trunk is registered: {@link RegistrationRow}. */
  registrations: {
    partitionKey: 'user',
    sortKey: 'place',
    ttl: 'ttl',
    user: (trunk: string, user: string) => `${trunk}#${user}`,
    place: (edgeId: string, contact: string) => `${edgeId}#${contact}`,
  },
} as const;

/** Which configuration stands. The former revision is kept until the next push, for readers that are in the middle of it. */
export interface ConfigVersionRow {
  readonly pk: string;
  readonly sk: string;
  /** Rises with every push. */
  readonly value: number;
  /** Without it the items lie under their bare names. */
  readonly revision?: string;
  /** How many the revision has: a reader that finds fewer looks at this row again. */
  readonly items?: number;
}

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

/** A contact of a user, written by the edge that has the way to it. Void once that edge is gone or lives anew. */
export const RegistrationRow = z.object({
  user: z.string(),
  place: z.string(),
  trunk: z.string(),
  name: z.string(),
  contact: z.string(),
  /** 0 to 1: how much this contact is wanted (RFC 3261 §20.10). */
  q: z.number(),
  /** Where its REGISTER came from. */
  source: z.object({ address: z.string(), port: z.number(), transport: z.string() }),
  /**
   * Whoever reads this may call the contact through its edge: it stands in the INVITE between the two edges. Never shown,
   * and no longer worth anything when the contact is gone.
   */
  pass: z.string(),
  edgeId: z.string(),
  /** Of the edge's life, as in {@link FleetRow}. */
  epoch: z.number(),
  /** Counts what this life of the edge has written. */
  revision: z.number(),
  /** ms since 1970. */
  expiresAt: z.number(),
  /** Epoch seconds. */
  ttl: z.number(),
});
export type RegistrationRow = z.infer<typeof RegistrationRow>;
