import type { ServerFigures, SipBenchResult } from './bench.ts';

const fixed = (value: number | undefined, digits = 1) =>
  value === undefined || !Number.isFinite(value) ? 'n/a' : value.toFixed(digits);
const target = (holds: boolean, text: string) => `${text}: ${holds ? 'held' : 'missed'}`;

/** What was measured, the limit beside the number, and whether ours holds. */
export function printTable({ servers, texts }: SipBenchResult): void {
  const [ours] = servers;
  if (!ours) return;
  const row = (name: string, cell: (of: ServerFigures) => string, limit = '') => [
    name,
    ...servers.map(cell),
    limit,
  ];
  const rows = [
    row('', ({ name }) => name, 'target'),
    row(
      'calls per second, B2BUA',
      ({ callsPerSecond }) => String(callsPerSecond),
      target(ours.callsPerSecond >= 300, 'at least 300'),
    ),
    row(
      'server CPU per call, ms',
      ({ cpuMsPerCall }) => fixed(cpuMsPerCall, 2),
      target(ours.cpuMsPerCall <= 1000 / 300, 'one core: at most 3.33'),
    ),
    row(
      'INVITE to 200, ms p50 / p99',
      ({ setupP50Ms, setupP99Ms }) => `${fixed(setupP50Ms)} / ${fixed(setupP99Ms)}`,
    ),
    row(
      'dialogs held',
      ({ dialogsHeld }) => String(dialogsHeld),
      target(ours.dialogsHeld >= 10_000, 'at least 10000'),
    ),
    row(
      '  of their calls failed',
      ({ heldFailed }) => String(heldFailed),
      target(ours.heldFailed === 0, '0'),
    ),
    row('memory per dialog, KB', ({ bytesPerDialog }) => fixed(bytesPerDialog / 1024)),
    ['parse and check, µs', fixed(texts.parseUs), ...servers.slice(1).map(() => '-'), ''],
    ['print, µs', fixed(texts.printUs), ...servers.slice(1).map(() => '-'), ''],
  ];
  const widths = rows[0]?.map((_cell, at) => Math.max(...rows.map((cells) => cells[at]?.length ?? 0))) ?? [];
  for (const cells of rows)
    process.stdout.write(
      `${cells
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
}
