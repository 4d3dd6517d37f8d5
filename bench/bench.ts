import { Command } from 'commander';
import type { EventOf } from '../contracts/events.ts';
import { DevEnv } from '../local/dev-env.ts';
import { type MeasuredApp, ownSipServer, startBareApp, startEdgeApp } from './apps.ts';
import { type LoadResult, placeLoad, startCallee } from './load.ts';
import { cpuMs, percentile, residentBytes } from './process-usage.ts';
import { printTable } from './table.ts';

export interface AppFigures {
  readonly cpuMsPerCall: number;
  readonly setupMs: readonly number[];
  readonly failed: number;
  readonly callsPerSecond: number;
  readonly bytesPerHeldCall: number;
}

export interface BenchResult {
  readonly sipServer: string;
  readonly calls: number;
  readonly perSecond: number;
  readonly held: number;
  readonly bare: AppFigures;
  readonly edge: AppFigures & {
    /** Of the same calls as `setupMs`. */
    readonly decisionMs: readonly number[];
    /** INVITE received to 200 sent, less the wait for the decision, by the edge's own clock. */
    readonly ownMs: readonly number[];
  };
}

interface Options {
  readonly calls: string;
  readonly rate: string;
  readonly hold: string;
  readonly json?: boolean;
}

const say = (text: string) => void process.stderr.write(`${text}\n`);

/** Rates that are tried one after the other; the last that all calls survive is what is reached. */
const RAMP = [50, 75, 100, 150, 200, 250, 300, 400, 500];
const RAMP_SECONDS = 4;
/** A rate counts as reached when nothing failed and the whole took no more than this much longer than planned. */
const LATE = 1.25;
const ROUNDS = 2;
/** Calls before anything is measured: both applications are compiled by then. */
const WARM_UP_CALLS = 250;
/** Response times are taken at this rate: at a higher one they tell more of the callers and the cloud on the same cores. */
const QUIET = { calls: 60, perSecond: 5 };

async function bench({
  calls,
  perSecond,
  held,
}: {
  calls: number;
  perSecond: number;
  held: number;
}): Promise<BenchResult> {
  await using _server = await ownSipServer();
  await using callee = await startCallee();
  const target = `sip:agent@127.0.0.1:${callee.port}`;
  await using env = await DevEnv.create({
    config: {
      version: 1,
      trunks: { carrier: { sources: ['127.0.0.0/8'] } },
      numbers: { '+15550100': { agent: 'callee' } },
      agents: { callee: { targets: [{ uri: target }] } },
    },
    edge: 'none',
    mediaPorts: { min: 12_000, max: 31_998 },
    edgeSettings: { TRUNKLINE_MAX_CPS: 10_000, TRUNKLINE_DRAIN_SECONDS: 1 },
    onStep: (step, ms) => say(`${step} (${Math.round(ms)} ms)`),
  });
  const load = (count: number, rate: number, holdMs = 200): Promise<LoadResult> =>
    placeLoad({ target: env.sip, calls: count, perSecond: rate, holdMs });

  const answers = () => env.events('call.answered').map(({ detail }) => detail as EventOf<'call.answered'>);
  const measure = async (name: string, start: () => Promise<MeasuredApp>, calm: () => Promise<void>) => {
    await using app = await start();
    await load(WARM_UP_CALLS, perSecond);
    await calm();
    say(`${name}: ${calls} calls at ${perSecond}/s`);
    const before = cpuMs(app.pid);
    const result = await load(calls, perSecond);
    await calm();
    const cpu = (cpuMs(app.pid) - before) / calls;
    say(`${name}: ${QUIET.calls} calls at ${QUIET.perSecond}/s`);
    const earlier = answers().length;
    const quiet = await load(QUIET.calls, QUIET.perSecond);
    await calm();
    return { cpu, failed: result.failed + quiet.failed, quiet, answers: answers().slice(earlier) };
  };
  const hold = async (name: string, start: () => Promise<MeasuredApp>, calm: () => Promise<void>) => {
    await using app = await start();
    await load(perSecond, perSecond);
    await calm();
    say(`${name}: holding ${held} calls`);
    const empty = residentBytes(app.pid);
    const rate = 60;
    const running = load(held, rate, 4_000 + (held / rate) * 1000);
    await new Promise((resolve) => setTimeout(resolve, 2_000 + (held / rate) * 1000));
    const full = residentBytes(app.pid);
    const { failed } = await running;
    if (failed > 0) say(`${name}: ${failed} of ${held} held calls failed`);
    await calm();
    return Math.max(0, full - empty) / held;
  };
  const ramp = async (name: string, start: () => Promise<MeasuredApp>, calm: () => Promise<void>) => {
    await using _app = await start();
    let reached = 0;
    for (const rate of RAMP) {
      const { failed, seconds } = await load(rate * RAMP_SECONDS, rate);
      await calm();
      say(`${name}: ${rate}/s, ${failed} failed, ${seconds.toFixed(1)} s`);
      if (failed > 0 || seconds > RAMP_SECONDS * LATE + 1) break;
      reached = rate;
    }
    return reached;
  };

  const noWait = async () => {};
  const cloudCalm = () => env.cloud.settled();
  const bareApp = () => startBareApp(env, target);
  const edgeApp = () => startEdgeApp(env);
  const rounds = {
    bare: [] as Awaited<ReturnType<typeof measure>>[],
    edge: [] as Awaited<ReturnType<typeof measure>>[],
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.bare.push(await measure('bare', bareApp, noWait));
    rounds.edge.push(await measure('edge', edgeApp, cloudCalm));
  }
  const answered = rounds.edge.flatMap((round) => round.answers);
  const figures = async (
    name: string,
    app: () => Promise<MeasuredApp>,
    calm: () => Promise<void>,
    of: typeof rounds.bare,
  ): Promise<AppFigures> => ({
    cpuMsPerCall: of.reduce((sum, { cpu }) => sum + cpu, 0) / of.length,
    setupMs: of.flatMap(({ quiet }) => quiet.setupMs),
    failed: of.reduce((sum, { failed }) => sum + failed, 0),
    bytesPerHeldCall: await hold(name, app, calm),
    callsPerSecond: await ramp(name, app, calm),
  });
  return {
    ...{ sipServer: process.env['DRACHTIO_BIN'] ? 'drachtio-server' : 'ours', calls, perSecond, held },
    bare: await figures('bare', bareApp, noWait, rounds.bare),
    edge: {
      ...(await figures('edge', edgeApp, cloudCalm, rounds.edge)),
      decisionMs: answered.map(({ decisionMs }) => decisionMs),
      ownMs: answered.map(({ setupMs, decisionMs }) => setupMs - decisionMs),
    },
  };
}

const command = new Command('bench')
  .description('our edge beside a bare drachtio-srf B2BUA, on the same SIP server and rtpengine, in one run')
  .option('--calls <n>', 'calls of one round', '400')
  .option('--rate <n>', 'calls per second of a round', '40')
  .option('--hold <n>', 'calls held for the memory figure', '400')
  .option('--json', 'one JSON on stdout instead of the table')
  .action(async ({ calls, rate, hold, json }: Options) => {
    const result = await bench({ calls: Number(calls), perSecond: Number(rate), held: Number(hold) });
    if (json) process.stdout.write(`${JSON.stringify(summary(result), null, 2)}\n`);
    else printTable(result);
  });

const summary = ({ bare, edge, ...run }: BenchResult) => {
  const short = ({ setupMs, ...rest }: AppFigures) => ({
    ...rest,
    setupP50Ms: percentile(setupMs, 0.5),
    setupP99Ms: percentile(setupMs, 0.99),
  });
  const { decisionMs, ownMs, ...figures } = edge;
  const spread = (values: readonly number[]) => ({
    p50: percentile(values, 0.5),
    p99: percentile(values, 0.99),
  });
  return {
    ...run,
    bare: short(bare),
    edge: { ...short(figures), decisionMs: spread(decisionMs), ownMs: spread(ownMs) },
  };
};

await command.parseAsync(process.argv);
