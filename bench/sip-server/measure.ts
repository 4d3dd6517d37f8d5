import { placeLoad } from '../load.ts';
import { cpuMs, percentile, residentBytes } from '../process-usage.ts';
import type { MeasuredServer } from './measured-server.ts';

/** One rate that all calls survived. */
export interface StepFigures {
  readonly callsPerSecond: number;
  /** CPU time of the server process, all its threads, over the time the calls took: 1 is one core, always busy */
  readonly cpuShare: number;
  readonly cpuMsPerCall: number;
  readonly setupP50Ms: number | undefined;
  readonly setupP99Ms: number | undefined;
}

export interface HeldFigures {
  /** two for each call */
  readonly dialogs: number;
  readonly failedCalls: number;
  /** resident memory of the server process before its first call */
  readonly bytesBefore: number;
  /** with all dialogs held, and the transactions that set them up gone */
  readonly bytesHeld: number;
  readonly bytesPerDialog: number;
}

const say = (text: string) => void process.stderr.write(`${text}\n`);

/** Seconds of one step; a rate is held when nothing failed and the step was over in time. */
const STEP_SECONDS = 4;
const LATE = 1.25;
const HOLD_MS = 200;

/** Each rate in turn, until one is not held. */
export async function measureRates(
  server: MeasuredServer,
  rates: readonly number[],
): Promise<readonly StepFigures[]> {
  const load = (calls: number, perSecond: number) =>
    placeLoad({ target: server.sip, calls, perSecond, holdMs: HOLD_MS });
  await load(400, 100); // compiled from here on
  const held: StepFigures[] = [];
  for (const rate of rates) {
    const calls = rate * STEP_SECONDS;
    const before = cpuMs(server.pid);
    const { failed, seconds, setupMs } = await load(calls, rate);
    const cpu = cpuMs(server.pid) - before;
    say(`${server.name}: ${rate}/s, ${failed} failed, ${seconds.toFixed(1)} s, ${cpu.toFixed(0)} ms of CPU`);
    if (failed > 0 || seconds > STEP_SECONDS * LATE + 1) break;
    held.push({
      callsPerSecond: rate,
      cpuShare: cpu / (STEP_SECONDS * 1000), // of the time in which the calls were placed: never too small
      cpuMsPerCall: cpu / calls,
      setupP50Ms: percentile(setupMs, 0.5),
      setupP99Ms: percentile(setupMs, 0.99),
    });
  }
  return held;
}

/** Rate at which the dialogs to be held are set up, calls per second. */
const FILL_PER_SECOND = 200;
/** Transactions are gone after 32 s (RFC 3261 §17). */
const SETTLE_MS = 36_000;

/** Memory of a server that has had no call yet, and with all of them standing. */
export async function measureHeld(server: MeasuredServer, dialogs: number): Promise<HeldFigures> {
  const calls = Math.ceil(dialogs / 2);
  const fillMs = (calls / FILL_PER_SECOND) * 1000;
  const bytesBefore = residentBytes(server.pid);
  say(`${server.name}: holding ${calls} calls, ${calls * 2} dialogs`);
  const running = placeLoad({
    target: server.sip,
    calls,
    perSecond: FILL_PER_SECOND,
    holdMs: fillMs + SETTLE_MS + 2_000,
  });
  await new Promise((resolve) => setTimeout(resolve, fillMs + SETTLE_MS));
  const bytesHeld = residentBytes(server.pid);
  const { failed } = await running;
  say(`${server.name}: ${failed} of ${calls} held calls failed`);
  return {
    dialogs: calls * 2,
    failedCalls: failed,
    bytesBefore,
    bytesHeld,
    bytesPerDialog: (bytesHeld - bytesBefore) / (calls * 2),
  };
}
