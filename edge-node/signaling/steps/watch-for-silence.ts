import type { Call } from '../call.ts';
import type { DialResult } from '../sip.ts';
import type { Attempt } from '../trunks/attempts.ts';

type Failure = Extract<DialResult, { kind: 'failed' }>;

/** After this time without any response, ms, the server is asked whether it is there. */
const SILENT_MS = 4_000;

export const neverHeard: Failure = {
  ...{ kind: 'failed', status: 408, unheard: 'silence' },
  detail: 'neither the INVITE nor an OPTIONS was answered',
};

/**
 * A carrier may take ten seconds to ring, and 100 Trying does not reach us, so silence alone says little. A server that has
 * answered OPTIONS and now answers neither is gone, and the caller need not wait for the ring timer to hear of the next one.
 */
export function watchForSilence(call: Call, attempt: Attempt, heard: () => boolean) {
  let stop = () => {};
  const found = new Promise<Failure>((resolve) => {
    const ask = async () => {
      const isSilent = !heard() && (await call.context.trunks.isSilent(attempt));
      if (isSilent && !heard()) resolve(neverHeard);
    };
    stop = call.after(SILENT_MS, () => void ask());
  });
  return { found, stop };
}
