import * as z from 'zod';

/** A ULID: 26 characters of Crockford base 32, sortable by time of creation. */
export const Ulid = z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/, 'must be a ULID (26 characters)');

/** RFC 3339 time in UTC, millisecond precision. */
export const Time = z.iso.datetime({
  message: 'must be an RFC 3339 time in UTC, such as 2026-01-31T12:00:00.000Z',
});

/** The edge process that says something. `epoch` is its start time in ms: it tells two lives of one edge apart. */
export const EdgeRef = z.object({
  id: z.string().min(1).max(64),
  region: z.string().min(1).max(32),
  epoch: z.int().nonnegative(),
});
export type EdgeRef = z.infer<typeof EdgeRef>;

/** What every message on the bus carries. A ULID in `id` makes a repeated delivery recognisable. */
const base = {
  version: z.literal(1),
  id: Ulid,
  time: Time,
  /** After this moment nobody needs the event any more: handlers drop it. */
  expiresAt: Time.optional(),
};

/** Position of an event in its call: gapless from 0, given by the edge that owns the call. */
const Seq = z.int().nonnegative();

/** An event of a call, said by the edge that owns it. */
export const callEvent = <T extends string, P extends z.ZodRawShape>(type: T, payload: P) =>
  z.object({
    ...base,
    type: z.literal(type),
    callId: Ulid,
    seq: Seq,
    edge: EdgeRef,
    /** URL of the SQS queue of the owning edge: decisions and commands go there. */
    replyTo: z.url().optional(),
    ...payload,
  });

/** An event of an edge itself. */
export const edgeEvent = <T extends string, P extends z.ZodRawShape>(type: T, payload: P) =>
  z.object({ ...base, type: z.literal(type), edge: EdgeRef, replyTo: z.url().optional(), ...payload });

/** An event that either the owning edge (with `seq`) or the control plane (without) may say. */
export const sharedEvent = <T extends string, P extends z.ZodRawShape>(type: T, payload: P) =>
  z
    .object({
      ...base,
      type: z.literal(type),
      callId: Ulid.optional(),
      seq: Seq.optional(),
      edge: EdgeRef.optional(),
      ...payload,
    })
    .refine(ownerStandsBesideSeq, {
      path: ['seq'],
      message: 'seq belongs to an edge: edge and callId must stand beside it',
    });

const ownerStandsBesideSeq = (event: { seq?: unknown; edge?: unknown; callId?: unknown }) =>
  event.seq === undefined || (event.edge !== undefined && event.callId !== undefined);

/** Values of EventBridge `Source`. */
export const sources = {
  /** An edge, about its calls and itself. */
  edge: 'trunkline.edge',
  /** A function of the platform. */
  control: 'trunkline.control',
  /** A customer's Lambda, the SDK or the CLI: commands. */
  client: 'trunkline.client',
  /** The same; who says something under this name means a command, whatever its DetailType. */
  command: 'trunkline.command',
} as const;
