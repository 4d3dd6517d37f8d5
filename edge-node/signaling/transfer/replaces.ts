import type { LegName } from '../../../contracts/events/call.ts';
import type { Replaces } from '../../../core/refer-to.ts';
import type { Call } from '../call.ts';

/** The call of ours, and the leg of it, that a Replaces names: as its far end sees the dialog (RFC 3891 §3). */
export function replacedBy(
  calls: Iterable<Call>,
  { callId, toTag, fromTag }: Replaces,
): { readonly call: Call; readonly leg: LegName } | undefined {
  for (const call of calls) {
    for (const leg of ['a', 'b'] as const) {
      const ids = call[leg]?.ids;
      if (ids && ids.callId === callId && ids.localTag === toTag && ids.remoteTag === fromTag)
        return { call, leg };
    }
  }
  return undefined;
}
