import type { ServerFigures, SipBenchResult } from './bench.ts';
import type { StepFigures } from './measure.ts';

const TARGET_CPS = 300;
const TARGET_DIALOGS = 10_000;

const fixed = (value: number | undefined, digits = 1) =>
  value === undefined || !Number.isFinite(value) ? 'n/a' : value.toFixed(digits);
const megabytes = (bytes: number) => fixed(bytes / 2 ** 20, 0);
const target = (holds: boolean, text: string) => `${text}: ${holds ? 'held' : 'missed'}`;

const highest = ({ steps }: ServerFigures): StepFigures | undefined => steps.at(-1);

/** What was measured, the limit beside the number, and whether ours holds. */
export function printTable(result: SipBenchResult): void {
  const rows = rowsOf(result);
  const widths = rows[0]?.map((_cell, at) => Math.max(...rows.map((cells) => cells[at]?.length ?? 0))) ?? [];
  for (const cells of rows)
    process.stdout.write(
      `${cells
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  process.stdout.write(
    `load of the machine before: ${fixed(result.loadBefore, 2)} on ${result.cores} cores\n`,
  );
}

function rowsOf({ servers, texts }: SipBenchResult): string[][] {
  const [ours] = servers;
  if (!ours) return [];
  const row = (name: string, cell: (of: ServerFigures) => string, limit = '') => [
    name,
    ...servers.map(cell),
    limit,
  ];
  const both = commonRate(servers);
  const at = (of: ServerFigures) => of.steps.find((step) => step.callsPerSecond === both);
  const oneCore = 1000 / (at(ours)?.cpuMsPerCall ?? Number.NaN);
  const text = (name: string, value: number) => [name, fixed(value), ...servers.slice(1).map(() => '-'), ''];
  return [
    row('', ({ name }) => name, 'target'),
    row(
      'calls per second, none failed',
      (of) => String(highest(of)?.callsPerSecond ?? 0),
      target((highest(ours)?.callsPerSecond ?? 0) >= TARGET_CPS, `at least ${TARGET_CPS}`),
    ),
    row(`at ${both}/s: server CPU, % of a core`, (of) => fixed((at(of)?.cpuShare ?? Number.NaN) * 100, 0)),
    row(
      '  one core would carry, calls/s',
      (of) => fixed(1000 / (at(of)?.cpuMsPerCall ?? Number.NaN), 0),
      target(oneCore >= TARGET_CPS, `at least ${TARGET_CPS}`),
    ),
    row(
      '  INVITE to 200, ms p50 / p99',
      (of) => `${fixed(at(of)?.setupP50Ms)} / ${fixed(at(of)?.setupP99Ms)}`,
    ),
    row(
      'dialogs held',
      ({ held }) => String(held.dialogs),
      target(ours.held.dialogs >= TARGET_DIALOGS, `at least ${TARGET_DIALOGS}`),
    ),
    row(
      '  of their calls failed',
      ({ held }) => String(held.failedCalls),
      target(ours.held.failedCalls === 0, '0'),
    ),
    row(
      '  memory before / held, MB',
      ({ held }) => `${megabytes(held.bytesBefore)} / ${megabytes(held.bytesHeld)}`,
    ),
    row('  memory per dialog, KB', ({ held }) => fixed(held.bytesPerDialog / 1024)),
    text('parse and check, µs per message', texts.parseUs),
    text('print, µs per message', texts.printUs),
  ];
}

/** The target's rate where every server held it, else the highest that all did; 0 for none. */
function commonRate(servers: readonly ServerFigures[]): number {
  const rates = (servers[0]?.steps ?? [])
    .map((step) => step.callsPerSecond)
    .filter((rate) => servers.every(({ steps }) => steps.some((step) => step.callsPerSecond === rate)));
  return rates.includes(TARGET_CPS) ? TARGET_CPS : (rates.at(-1) ?? 0);
}
