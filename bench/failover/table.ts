import type { FailoverResult } from '../failover.ts';
import type { StrikeFigures } from './judge.ts';

const seconds = (ms: number | undefined) => (ms === undefined ? '-' : `${(ms / 1_000).toFixed(1)} s`);
const counted = ({ calls, lost, slowestMs }: StrikeFigures['before']) =>
  `${lost} of ${calls} (${seconds(slowestMs)})`;

const columns: readonly (readonly [string, (row: StrikeFigures) => string])[] = [
  ['taken away', ({ name }) => name],
  ['bound', ({ boundMs }) => seconds(boundMs)],
  ['known after', ({ detectedMs }) => seconds(detectedMs)],
  ['lost before it (slowest)', ({ before }) => counted(before)],
  ['lost after it (slowest)', ({ after }) => counted(after)],
  [
    'calls cut',
    ({ cut }) =>
      Object.entries(cut)
        .map(([reason, n]) => `${n} ${reason}`)
        .join(', ') || 'none',
  ],
  [
    'ended within',
    ({ cutEndedMs, endedBoundMs }) =>
      `${seconds(cutEndedMs)}${endedBoundMs ? ` of ${seconds(endedBoundMs)}` : ''}`,
  ],
];

export function printStrikes({ strikes, ...run }: FailoverResult): void {
  const rows = [
    columns.map(([title]) => title),
    ...strikes.map((row) => columns.map(([, show]) => show(row))),
  ];
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  const edges = Object.entries(run.byEdge).map(([id, { calls }]) => `${id} took ${calls}`);
  const lines = rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  process.stdout.write(`
${run.calls} calls at ${run.perSecond}/s, ${seconds(run.holdMs)} each, on a ${run.sipServer} SIP server: ${edges.join(', ')}

${lines.join('\n')}

lost after a bound: ${run.lostAfterBound}   calls with a gap in their events: ${run.gaps}   calls left up in the record: ${run.leftUp}
`);
}
