import { percentile } from '../process-usage.ts';
import type { GatewayFigures } from './bench.ts';

const spread = (values: readonly number[]) =>
  `${percentile(values, 0.5)?.toFixed(1) ?? 'n/a'} / ${percentile(values, 0.99)?.toFixed(1) ?? 'n/a'}`;
const limit = (holds: boolean, text: string) => `${text}: ${holds ? 'held' : 'missed'}`;

/** What was measured, and the limit beside the number. What is under way when the measuring ends has not come back yet. */
export function printGateway(figures: GatewayFigures): void {
  const { calls, cpuPerCall, pacingMs, sent, returned, lost } = figures;
  const rows: readonly (readonly [string, string, string])[] = [
    ['CPU per call, % of a core', cpuPerCall.toFixed(2), limit(cpuPerCall <= 1, 'at most 1')],
    [
      'memory: the process, MB; each call, KB',
      `${(figures.residentBytes / 2 ** 20).toFixed(0)}; ${figures.bytesPerCall === undefined ? 'n/a' : (figures.bytesPerCall / 1_024).toFixed(0)}`,
      '',
    ],
    [
      'off the beat of 20 ms, as sent, ms p50 / p99',
      `${pacingMs.p50.toFixed(2)} / ${pacingMs.p99.toFixed(2)}`,
      limit(pacingMs.p99 < 5, 'p99 under 5'),
    ],
    ['off the beat, as the caller gets it, ms p99', pacingMs.atCallerP99.toFixed(2), ''],
    ['frames lost', String(lost), limit(lost === 0, 'none')],
    ['frames said, come back while it was measured', `${sent}, ${returned}`, ''],
    ['caller to socket, ms p50 / p99', spread(figures.toSocketMs), ''],
    ['socket to caller, ms p50 / p99', spread(figures.toCallerMs), ''],
    ['clear to silence, ms p50 / p99', spread(figures.clearMs), ''],
  ];
  const [first, second] = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  process.stdout.write(
    `\n${calls} calls of 50 frames a second each way, measured for ${figures.seconds} s.\n`,
  );
  for (const [name, value, told] of rows)
    process.stdout.write(
      `${name.padEnd(first ?? 0)}  ${value.padEnd(second ?? 0)}  ${told}`.trimEnd().concat('\n'),
    );
}
