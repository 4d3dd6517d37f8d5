import type { CaptureReader } from './capture.ts';
import type { NgRequest } from './rtpengine.ts';

/** Calls that have left an rtpengine which may still hold them: it did not answer when they left. */
export interface Leftovers {
  has(callId: string): boolean;
  add(callId: string): void;
  /** The call has come back. */
  forget(callId: string): void;
  /** Deletes them at the engine, which must be one that answers. */
  clear(): Promise<void>;
}

export function createLeftovers(ask: NgRequest, captures: CaptureReader | undefined): Leftovers {
  const calls = new Set<string>();
  return {
    has: (callId) => calls.has(callId),
    add(callId) {
      calls.add(callId);
      void captures?.discard(callId);
    },
    forget(callId) {
      calls.delete(callId);
    },
    async clear() {
      for (const callId of [...calls]) {
        const freed = await ask('delete', { 'call-id': callId }).catch(() => undefined);
        if (!freed) return;
        // The call may have come back meanwhile, and its capture is its own again.
        if (calls.delete(callId)) await captures?.discard(callId);
      }
    },
  };
}
