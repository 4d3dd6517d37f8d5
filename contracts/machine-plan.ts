import * as z from 'zod';

const Text = z.string().min(1);

/** A fixed place of the fleet: a network interface that one machine at a time is attached to. */
const InnerSeat = z.object({
  /** The edge that it is for; of a gateway, which is for all of them, the gateway itself. */
  edge: Text,
  /** Which of its edge's rtpengines; 0 for an edge or a gateway itself. */
  index: z.int().min(0),
  zone: Text,
  eni: Text,
  privateAddress: Text,
});
/** Reached from the inside alone. */
export type InnerSeat = z.infer<typeof InnerSeat>;

const Seat = InnerSeat.extend({ publicAddress: Text });
export type Seat = z.infer<typeof Seat>;

const shared = {
  region: Text,
  prefix: Text,
  /** Of the auto-scaling group. */
  group: Text,
  hooks: z.object({ launch: Text, terminate: Text }),
  /** How long calls may go on when the machine has to go, s. */
  drainSeconds: z.int().min(0),
};
/** In the order in which they are to be taken. */
const seats = z.array(Seat).min(1);

/** What a machine of the fleet is told at its start: /etc/trunkline/machine.json. It holds names, never secrets. */
export const MachinePlan = z.discriminatedUnion('role', [
  z.object({
    role: z.literal('edge'),
    ...shared,
    seats,
    /** Environment of every edge, and beside it what differs by the edge's id. */
    environment: z.record(z.string(), z.string()),
    byEdge: z.record(z.string(), z.object({ role: Text, engines: Text })),
    /** What the URLs of the edges' queues begin with; the edge's id ends them. One for all: user data has 16 KB. */
    queues: Text,
    /** Names or ARNs in Secrets Manager. */
    secrets: z.object({ sipServer: Text, tls: Text.optional(), gateways: Text.optional() }),
  }),
  z.object({
    role: z.literal('media'),
    ...shared,
    seats,
    /** Private address of each edge. */
    edges: z.record(z.string(), Text),
  }),
  z.object({
    role: z.literal('gateway'),
    ...shared,
    seats: z.array(InnerSeat).min(1),
    /** Environment of every gateway. */
    environment: z.record(z.string(), z.string()),
    secrets: z.object({ token: Text }),
  }),
]);
export type MachinePlan = z.infer<typeof MachinePlan>;
