import { percentile } from '../process-usage.ts';
import { type Finished, type Kind, openCall, pause } from './calls.ts';
import { startProcesses } from './processes.ts';
import { soak } from './soak.ts';

export interface GatewayFigures {
  readonly calls: number;
  readonly seconds: number;
  readonly kind: Kind;
  /** Of a core, per cent. */
  readonly cpuPerCall: number;
  /** Beside the first ten; undefined for no more than these. */
  readonly bytesPerCall: number | undefined;
  readonly residentBytes: number;
  /** How far packets are off the beat of 20 ms: as the gateway sends them, and as the caller gets them. */
  readonly pacingMs: { readonly p50: number; readonly p99: number; readonly atCallerP99: number };
  readonly lost: number;
  readonly said: number;
  readonly returned: number;
  readonly toSocketMs: readonly number[];
  readonly toCallerMs: readonly number[];
  readonly clearMs: readonly number[];
  /** Of a soak. */
  readonly growth: { readonly memory: number; readonly handles: number } | undefined;
}

export interface MeasureOptions {
  readonly calls: number;
  readonly seconds: number;
  readonly kind: Kind;
  /** Minutes; 0: none. */
  readonly soakMinutes: number;
}

const WARM = 10;
const say = (text: string) => void process.stderr.write(`${text}\n`);

export async function measure({
  calls: count,
  seconds,
  kind,
  soakMinutes,
}: MeasureOptions): Promise<GatewayFigures> {
  using processes = await startProcesses();
  const calls: Awaited<ReturnType<typeof openCall>>[] = [];
  let base: number | undefined;
  while (calls.length < count) {
    // What the first calls allocate is the process's own: code, tables, pools.
    if (calls.length === WARM) {
      await pause(3_000);
      base = processes.residentBytes();
    }
    await pause(10);
    calls.push(await openCall(processes, kind));
  }
  say(`${count} calls are up; ${seconds} s are measured after a warm-up of 5 s`);
  await pause(5_000);
  const cpu = processes.cpuMs();
  await pause(seconds * 1_000);
  const cpuPerCall = ((processes.cpuMs() - cpu) / (seconds * 1_000) / count) * 100;
  const residentBytes = processes.residentBytes();
  const pacing = (await Promise.all(calls.map((call) => call.stats()))).map((stats) => stats.pacingErrorMs);
  const offBeats = calls.flatMap((call) => offBeat(call.arrivals()));
  const retired: Finished[] = [];
  const growth =
    soakMinutes > 0 ? await soak({ processes, kind, calls, minutes: soakMinutes, retired }) : undefined;
  await Promise.all(calls.map((call) => call.hush()));
  for (const call of calls) retired.push(await call.finished());
  say('and now some are interrupted');
  const clearMs: number[] = [];
  for (const call of calls.slice(0, 20)) clearMs.push(await call.interrupt());
  await Promise.all(calls.map((call) => call[Symbol.asyncDispose]()));
  return {
    ...{ calls: count, seconds, kind, cpuPerCall, residentBytes, clearMs, growth },
    bytesPerCall: base === undefined ? undefined : (residentBytes - base) / (count - WARM),
    pacingMs: {
      p50: Math.max(...pacing.map(({ p50 }) => p50)),
      p99: Math.max(...pacing.map(({ p99 }) => p99)),
      atCallerP99: percentile(offBeats, 0.99) ?? Number.NaN,
    },
    ...totals(retired),
  };
}

function totals(finished: readonly Finished[]) {
  const sum = (of: (one: Finished) => number) => finished.reduce((all, one) => all + of(one), 0);
  return {
    ...{ lost: sum(({ lost }) => lost), said: sum(({ said }) => said) },
    returned: sum(({ returned }) => returned),
    toSocketMs: finished.flatMap(({ toSocketMs }) => toSocketMs),
    toCallerMs: finished.flatMap(({ toCallerMs }) => toCallerMs),
  };
}

/** How far each packet is from where the beat that fits all of them best would have it, ms. */
function offBeat(arrivals: readonly number[]): number[] {
  const off = arrivals.map((at, index) => at - index * 20);
  const middle = percentile(off, 0.5) ?? 0;
  return off.map((each) => Math.abs(each - middle));
}
