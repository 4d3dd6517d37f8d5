import { Command } from 'commander';
import { DevEnv } from '../local/dev-env.ts';
import { ownSipServer, startBareApp, startEdgeApp } from './apps.ts';
import { type Change, placeLoad, startCallee } from './load.ts';
import { percentile } from './process-usage.ts';

const kinds: readonly Change[] = ['another version', 'hold and resume'];

/** Calls before anything is measured: both applications are compiled by then. */
const WARM_UP = { calls: 60, perSecond: 20 };
const CHANGES = 4;

interface Options {
  readonly calls: string;
  readonly rate: string;
  readonly json?: boolean;
}

interface Row {
  readonly app: 'bare' | 'edge';
  readonly change: Change;
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly answered: number;
  readonly asked: number;
}

const say = (text: string) => void process.stderr.write(`${text}\n`);

async function bench(calls: number, perSecond: number): Promise<readonly Row[]> {
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
    edgeSettings: { TRUNKLINE_MAX_CPS: 10_000, TRUNKLINE_DRAIN_SECONDS: 1 },
    onStep: (step, ms) => say(`${step} (${Math.round(ms)} ms)`),
  });
  const rows: Row[] = [];
  for (const app of ['bare', 'edge'] as const) {
    await using _app = app === 'bare' ? await startBareApp(env, target) : await startEdgeApp(env);
    await placeLoad({
      target: env.sip,
      ...WARM_UP,
      holdMs: 200,
      changes: { kind: 'hold and resume', times: 2 },
    });
    await env.cloud.settled();
    for (const change of kinds) {
      say(`${app}: ${calls} calls at ${perSecond}/s, ${change}`);
      const changes = { kind: change, times: CHANGES };
      const { changeMs } = await placeLoad({ target: env.sip, calls, perSecond, holdMs: 200, changes });
      await env.cloud.settled();
      const spread = { p50: percentile(changeMs, 0.5), p99: percentile(changeMs, 0.99) };
      rows.push({ app, change, ...spread, answered: changeMs.length, asked: calls * CHANGES });
    }
  }
  return rows;
}

function table(rows: readonly Row[]): string {
  const of = (app: Row['app'], change: Change) =>
    rows.find((row) => row.app === app && row.change === change);
  const cell = (row: Row | undefined) =>
    row
      ? `${row.p50?.toFixed(1) ?? 'n/a'} / ${row.p99?.toFixed(1) ?? 'n/a'}, ${row.answered} of ${row.asked}`
      : '';
  const lines = kinds.map((kind) => {
    const [bare, edge] = [of('bare', kind), of('edge', kind)];
    const ratio = bare?.p50 && edge?.p50 ? (edge.p50 / bare.p50).toFixed(2) : 'n/a';
    return `${kind.padEnd(18)}${cell(bare).padEnd(30)}${cell(edge).padEnd(30)}${ratio}`;
  });
  const head = `${'re-INVITE'.padEnd(18)}${'bare srf, ms p50 / p99'.padEnd(30)}${'edge, ms p50 / p99'.padEnd(30)}ratio of p50`;
  return `${[head, ...lines].join('\n')}\n`;
}

await new Command('bench:reinvite')
  .description(
    'how long a re-INVITE takes: our edge beside a bare drachtio-srf B2BUA that asks the other side each time',
  )
  .option('--calls <n>', 'calls of each kind', '40')
  .option('--rate <n>', 'calls per second', '2')
  .option('--json', 'one JSON on stdout instead of the table')
  .action(async ({ calls, rate, json }: Options) => {
    const rows = await bench(Number(calls), Number(rate));
    process.stdout.write(json ? `${JSON.stringify(rows, null, 2)}\n` : table(rows));
    if (rows.some(({ answered, asked }) => answered < asked)) process.exitCode = 1;
  })
  .parseAsync(process.argv);
