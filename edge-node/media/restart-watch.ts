import type { Clock } from '../ports.ts';
import type { NgRequest } from './rtpengine.ts';

/** Whole seconds, and the reply may have waited in our socket. */
const INEXACT_SECONDS = 2;

/**
 * Tells whether an rtpengine may have been started anew since it was asked last: a supervisor can do that between two
 * pings, none is missed then, and all its calls are gone. A wrong alarm costs a query per call, no more.
 */
export function createRestartWatch(ask: NgRequest, clock: Clock): () => Promise<boolean> {
  let last: { readonly uptime: number; readonly at: number } | undefined;
  return async () => {
    const reply = await ask('statistics').catch(() => undefined);
    const uptime = Number(reply?.statistics?.totalstatistics?.uptime);
    if (!Number.isFinite(uptime)) return false;
    const before = last;
    last = { uptime, at: clock.monotonic() };
    if (!before) return false;
    return uptime < before.uptime || uptime + INEXACT_SECONDS < before.uptime + (last.at - before.at) / 1000;
  };
}
