import type { FleetRow } from '../contracts/tables.ts';
import { orderTargets } from './order-targets.ts';

export type KnownEdge = Pick<FleetRow, 'edgeId' | 'queueUrl' | 'calls' | 'draining' | 'heartbeatAt'>;

/** An edge without a heartbeat for this long is given no new call, ms: three heartbeats by default. */
const FRESH_MS = 30_000;

/**
 * The edge that begins a call: of two that are drawn with `seed`, the one with fewer calls. All to the emptiest would be too
 * many, for what an edge says of its calls is as old as its last heartbeat. Undefined: none is there.
 */
export function chooseEdge(edges: readonly KnownEdge[], seed: string, now: number): KnownEdge | undefined {
  const there = edges
    .filter(({ draining, heartbeatAt }) => !draining && now - heartbeatAt < FRESH_MS)
    .toSorted((one, other) => (one.edgeId < other.edgeId ? -1 : 1))
    .map((edge) => ({ ...edge, priority: 1, weight: 1 }));
  return orderTargets(there, seed)
    .slice(0, 2)
    .toSorted((one, other) => one.calls - other.calls)[0];
}
