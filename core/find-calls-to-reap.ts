import type { EdgeRef } from '../contracts/envelope.ts';
import type { FleetRow } from '../contracts/tables.ts';

export interface ActiveCall {
  readonly callId: string;
  readonly edge: EdgeRef;
}

export interface LostCall {
  readonly callId: string;
  /** For the on-call engineer. */
  readonly detail: string;
}

/**
 * Calls whose edge is gone: a stale heartbeat, none at all, or a newer life of the same edge. Times in ms. An edge that
 * started a moment ago may not have written its first heartbeat.
 */
export function findCallsToReap(
  calls: readonly ActiveCall[],
  fleet: readonly Pick<FleetRow, 'edgeId' | 'epoch' | 'heartbeatAt'>[],
  now: number,
  staleAfterMs: number,
): LostCall[] {
  const rows = new Map(fleet.map((row) => [row.edgeId, row]));
  return calls.flatMap(({ callId, edge }) => {
    const row = rows.get(edge.id);
    if (row && row.epoch > edge.epoch) return { callId, detail: `edge ${edge.id} was restarted` };
    const silentMs = now - (row?.heartbeatAt ?? edge.epoch);
    if (silentMs <= staleAfterMs) return [];
    if (!row) return { callId, detail: `edge ${edge.id} has no heartbeat` };
    return { callId, detail: `edge ${edge.id} has been silent for ${Math.round(silentMs / 1000)} s` };
  });
}
