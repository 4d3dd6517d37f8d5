import { type Finished, type Kind, openCall, pause } from './calls.ts';
import type { Processes } from './processes.ts';

/** Calls that are replaced each minute: what they leave behind is what a soak looks for. */
const REPLACED = 10;

type OpenCall = Awaited<ReturnType<typeof openCall>>;

export interface SoakOptions {
  readonly processes: Processes;
  readonly kind: Kind;
  /** Those that are up; some are replaced in their places. */
  readonly calls: OpenCall[];
  readonly minutes: number;
  /** Where those that were replaced are told. */
  readonly retired: Finished[];
}

/** Prints memory and handles of the gateway each minute. Growth: the last minute against that after the first quarter, as ratios. */
export async function soak({ processes, kind, calls, minutes, retired }: SoakOptions) {
  process.stdout.write('\nminute  memory MB  handles  CPU % of a core\n');
  const seen: { readonly memory: number; readonly handles: number }[] = [];
  for (let minute = 1; minute <= minutes; minute += 1) {
    const cpu = processes.cpuMs();
    const began = performance.now();
    await replace(processes, kind, calls, retired);
    await pause(60_000 - (performance.now() - began));
    const figures = { memory: processes.residentBytes(), handles: processes.handles() };
    seen.push(figures);
    const cells = [
      String(minute).padStart(6),
      (figures.memory / 2 ** 20).toFixed(1).padStart(9),
      String(figures.handles).padStart(7),
      ((processes.cpuMs() - cpu) / 600).toFixed(1).padStart(15),
    ];
    process.stdout.write(`${cells.join('  ')}\n`);
  }
  const [from, to] = [seen[Math.floor(seen.length / 4)], seen.at(-1)];
  return {
    memory: (to?.memory ?? Number.NaN) / (from?.memory ?? Number.NaN),
    handles: (to?.handles ?? Number.NaN) / (from?.handles ?? Number.NaN),
  };
}

async function replace(processes: Processes, kind: Kind, calls: OpenCall[], retired: Finished[]) {
  const leaving = calls.splice(0, REPLACED);
  await Promise.all(leaving.map((call) => call.hush()));
  for (const call of leaving) {
    retired.push(await call.finished());
    await call[Symbol.asyncDispose]();
  }
  for (const _ of leaving) calls.push(await openCall(processes, kind));
}
