import { Command } from 'commander';
import { placeLoad, startCallee } from '../load.ts';
import { cpuMs, percentile, residentBytes } from '../process-usage.ts';
import { type MeasuredServer, startMeasured } from './measured-server.ts';
import { printTable } from './table.ts';
import { measureTexts, type TextFigures } from './texts.ts';

export interface ServerFigures {
  readonly name: string;
  /** the highest rate all calls of a step survived */
  readonly callsPerSecond: number;
  /** CPU of the server process for one call through it, ms: 1000 / this is what one core could carry */
  readonly cpuMsPerCall: number;
  readonly setupP50Ms: number | undefined;
  readonly setupP99Ms: number | undefined;
  /** two for each call */
  readonly dialogsHeld: number;
  readonly heldFailed: number;
  readonly bytesPerDialog: number;
}

export interface SipBenchResult {
  readonly servers: readonly ServerFigures[];
  readonly texts: TextFigures;
}

const say = (text: string) => void process.stderr.write(`${text}\n`);

/** Seconds of one step; a rate is reached when nothing failed and the step was over in time. */
const STEP_SECONDS = 4;
const LATE = 1.25;
/** the rate at which the dialogs to be held are set up */
const FILL_PER_SECOND = 200;

async function measure(
  server: MeasuredServer,
  rates: readonly number[],
  dialogs: number,
): Promise<ServerFigures> {
  const load = (calls: number, perSecond: number, holdMs = 200) =>
    placeLoad({ target: server.sip, calls, perSecond, holdMs });
  await load(400, 100); // compiled from here on
  let [reached, cpu, setup]: [number, number, readonly number[]] = [0, 0, []];
  for (const rate of rates) {
    const before = cpuMs(server.pid);
    const { failed, seconds, setupMs } = await load(rate * STEP_SECONDS, rate);
    say(`${server.name}: ${rate}/s, ${failed} failed, ${seconds.toFixed(1)} s`);
    if (failed > 0 || seconds > STEP_SECONDS * LATE + 1) break;
    [reached, cpu, setup] = [rate, (cpuMs(server.pid) - before) / (rate * STEP_SECONDS), setupMs];
  }
  return {
    name: server.name,
    callsPerSecond: reached,
    cpuMsPerCall: cpu,
    ...spread(setup),
    ...(await hold(server, dialogs)),
  };
}

const spread = (setup: readonly number[]) => ({
  setupP50Ms: percentile(setup, 0.5),
  setupP99Ms: percentile(setup, 0.99),
});

/** Memory is read once all calls stand and the transactions that set them up have gone (32 s, RFC 3261 §17). */
async function hold(server: MeasuredServer, dialogs: number) {
  const calls = Math.ceil(dialogs / 2);
  const fillMs = (calls / FILL_PER_SECOND) * 1000;
  const settleMs = 36_000;
  const empty = residentBytes(server.pid);
  say(`${server.name}: holding ${calls} calls, ${calls * 2} dialogs`);
  const running = placeLoad({
    target: server.sip,
    calls,
    perSecond: FILL_PER_SECOND,
    holdMs: fillMs + settleMs + 2_000,
  });
  await new Promise((resolve) => setTimeout(resolve, fillMs + settleMs));
  const full = residentBytes(server.pid);
  const { failed } = await running;
  say(`${server.name}: ${failed} of ${calls} held calls failed`);
  return { dialogsHeld: calls * 2, heldFailed: failed, bytesPerDialog: (full - empty) / (calls * 2) };
}

interface Options {
  readonly dialogs: string;
  readonly rates: string;
  readonly profile?: string;
  readonly json?: boolean;
}

async function bench({ dialogs, rates, profile }: Options): Promise<SipBenchResult> {
  const texts = measureTexts();
  const servers: ServerFigures[] = [];
  await using callee = await startCallee();
  for (const program of [undefined, process.env['DRACHTIO_BIN']]) {
    if (program === undefined && servers.length > 0) break; // no drachtio-server given
    await using server = await startMeasured(`sip:agent@127.0.0.1:${callee.port}`, { program, profile });
    servers.push(await measure(server, rates.split(',').map(Number), Number(dialogs)));
  }
  return { servers, texts };
}

await new Command('bench:sip')
  .description('our SIP server behind a drachtio-srf createB2BUA; beside DRACHTIO_BIN when that is given')
  .option('--dialogs <n>', 'dialogs held at once', '10000')
  .option('--rates <list>', 'calls per second, tried one after the other', '100,200,300,400,500')
  .option('--profile <folder>', "node's CPU profile of our server goes there")
  .option('--json', 'one JSON on stdout instead of the table')
  .action(async (options: Options) => {
    const result = await bench(options);
    if (options.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    else printTable(result);
  })
  .parseAsync(process.argv);
