import type { Clock, MediaEngine, Metrics, SeenDigit } from '../ports.ts';
import { createCaptureReader } from './capture.ts';
import { listenForDigits } from './digits.ts';
import { listenForLostCalls } from './lost-calls.ts';
import { createNgClient, type NgAddress } from './rtpengine.ts';
import { createSession } from './session.ts';

export interface MediaSettings {
  readonly ng: NgAddress;
  /** Where rtpengine's DTMF log and teardown calls arrive; they are rtpengine's `--dtmf-log-dest` and `--b2b-url`. */
  readonly dtmfListen: NgAddress;
  readonly b2bListen: NgAddress;
  /** rtpengine's recording directory, where it is on this host: lets quality be measured from captures. */
  readonly recordingDir?: string | undefined;
}

/** How long one command may take; the client sends it once more before giving up. */
const REQUEST_TIMEOUT_MS = 700;
const PING_EVERY_MS = 2_000;

/** Starts to talk to one rtpengine. Does not wait for it: `healthy()` tells whether it answers. */
export async function startMediaEngine(
  settings: MediaSettings,
  clock: Clock,
  metrics: Metrics,
): Promise<MediaEngine> {
  const ng = createNgClient(settings.ng, REQUEST_TIMEOUT_MS, clock, metrics);
  const captures =
    settings.recordingDir === undefined ? undefined : createCaptureReader(settings.recordingDir);
  const onDigit: ((digit: SeenDigit) => void)[] = [];
  const onLost: ((callId: string) => void)[] = [];
  const digits = await listenForDigits(settings.dtmfListen, clock, (d) =>
    onDigit.forEach((told) => void told(d)),
  );
  const lost = await listenForLostCalls(settings.b2bListen, (id) => onLost.forEach((told) => void told(id)));

  let healthy = false;
  let stopped = false;
  let cancelPing = () => {};
  const ping = async () => {
    healthy = await ng.request('ping').then(
      () => true,
      () => false,
    );
    if (!stopped) cancelPing = clock.after(PING_EVERY_MS, () => void ping());
  };
  await ping();

  return {
    session: (callId) => createSession(callId, ng.request, captures),
    healthy: () => healthy,
    onDigit: (listener) => void onDigit.push(listener),
    onLost: (listener) => void onLost.push(listener),
    async [Symbol.asyncDispose]() {
      stopped = true;
      cancelPing();
      await digits[Symbol.asyncDispose]();
      await lost[Symbol.asyncDispose]();
      ng.close();
    },
  };
}
