import type { BenchResult } from './bench.ts';
import { percentile } from './process-usage.ts';

const fixed = (value: number | undefined, digits = 1) =>
  value === undefined ? 'n/a' : value.toFixed(digits);
const spread = (values: readonly number[]) =>
  `${fixed(percentile(values, 0.5))} / ${fixed(percentile(values, 0.99))}`;

/** What was measured, the limit beside the number, and whether it holds. A missed target is told, not hidden. */
export function printTable({ bare, edge, ...run }: BenchResult): void {
  const ratio = edge.cpuMsPerCall / bare.cpuMsPerCall;
  const ownP99 = percentile(edge.ownMs, 0.99) ?? Number.POSITIVE_INFINITY;
  const kilobytes = edge.bytesPerHeldCall / 1024;
  const target = (holds: boolean, text: string) => `${text}: ${holds ? 'held' : 'missed'}`;
  const rows: [string, string, string, string][] = [
    ['', 'bare srf', 'edge', 'target'],
    ['calls per second reached', String(bare.callsPerSecond), String(edge.callsPerSecond), ''],
    [
      'CPU per call, ms',
      fixed(bare.cpuMsPerCall, 2),
      fixed(edge.cpuMsPerCall, 2),
      target(ratio <= 1.5, `ratio ${fixed(ratio, 2)}, at most 1.5`),
    ],
    [
      'memory per held call, KB',
      fixed(bare.bytesPerHeldCall / 1024),
      fixed(kilobytes),
      target(kilobytes <= 25, 'at most 25'),
    ],
    ['INVITE to 200 at the carrier, ms p50 / p99', spread(bare.setupMs), spread(edge.setupMs), ''],
    ['  of it the decision, ms p50 / p99', '-', spread(edge.decisionMs), ''],
    [
      '  the rest, by the edge, ms p50 / p99',
      '-',
      spread(edge.ownMs),
      target(ownP99 <= 10, 'p99 at most 10'),
    ],
    ['failed calls', String(bare.failed), String(edge.failed), target(edge.failed === 0, '0')],
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  process.stdout.write(
    `\nSIP server: ${run.sipServer}; ${run.calls} calls at ${run.perSecond}/s, twice, by turns, then 60 at 5/s for the response times; ${run.held} held.\n`,
  );
  for (const row of rows)
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
}
