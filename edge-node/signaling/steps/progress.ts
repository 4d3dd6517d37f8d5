import type { Call } from '../call.ts';

/** What the caller hears while a target is being tried. */
export interface Progress {
  heard(status: number, sdp: string | undefined): void;
  /** Resolves when everything heard so far has reached the caller. */
  settled(): Promise<void>;
}

/**
 * Passes ringing and early media on, each said once per target. Provisional responses are handled one after the other,
 * and before the final one, since each may change the SDP that the caller has.
 */
export function createProgress(call: Call, target: string): Progress {
  let line: Promise<void> = Promise.resolve();
  const said = new Set<string>();
  const once = (type: 'call.ringing' | 'call.early-media', sipStatus: number) => {
    if (said.has(type)) return;
    said.add(type);
    if (call.isQuiet) return;
    call.say(type, { target, sipStatus });
  };

  const relay = async (status: number, sdp: string | undefined) => {
    if (call.isOver || status <= 100) return;
    // A target that was called without an offer puts its own offer here: it is answered with the 200, not before.
    if (sdp === undefined || call.invite.sdp === undefined || !call.media) {
      once('call.ringing', status);
      call.hearsTarget = false;
      return call.invite.provisional(180);
    }
    const towardsCaller = await call.media.answer(sdp, 'b');
    if (call.isOver) return;
    once('call.early-media', status);
    call.hearsTarget = true;
    call.invite.provisional(183, towardsCaller);
  };

  return {
    heard(status, sdp) {
      line = line
        .then(() => relay(status, sdp))
        .catch((error: unknown) =>
          call.context.logger.warn({ callId: call.id, err: error }, 'early media could not be passed on'),
        );
    },
    settled: () => line,
  };
}
