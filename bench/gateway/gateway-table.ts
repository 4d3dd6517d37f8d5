import { loadavg } from 'node:os';
import { type Row, rowsOf } from './goals.ts';
import type { GatewayFigures } from './measure.ts';

/** Prints what was measured; false where a goal was missed. */
export function printGateway(figures: GatewayFigures): boolean {
  const { calls, seconds, kind } = figures;
  const format = kind.dialect === 'pcm' ? `pcm at ${kind.rate} Hz` : 'twilio';
  const load = loadavg()[0]?.toFixed(1);
  process.stdout.write(
    `\n${calls} calls of 50 frames a second each way, ${format}, ${seconds} s; load of the machine ${load}\n`,
  );
  return printRows(rowsOf(figures));
}

function printRows(rows: readonly Row[]): boolean {
  const [first, second] = (['name', 'value'] as const).map((column) =>
    Math.max(...rows.map((row) => row[column].length)),
  );
  for (const { name, value, goal } of rows) {
    const told = goal ? `${goal.text}: ${goal.holds ? 'held' : 'missed'}` : '';
    process.stdout.write(`${name.padEnd(first ?? 0)}  ${value.padEnd(second ?? 0)}  ${told}`.trimEnd());
    process.stdout.write('\n');
  }
  return rows.every(({ goal }) => goal?.holds ?? true);
}
