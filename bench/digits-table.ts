import type { Counted } from '../local/phone/digit-count.ts';
import type { DigitLoad } from '../local/phone/digit-load.ts';
import { percentile } from './process-usage.ts';

const spread = (values: readonly number[]) =>
  [0.5, 0.99, 1].map((share) => percentile(values, share)?.toFixed(1) ?? 'n/a').join(' / ');

/** Every count beside what it has to be. */
export function printDigits({ calls, digitsPerCall }: DigitLoad, counted: Counted): void {
  const { pressed, holds } = counted;
  const line = (what: string, value: number | string, wanted: number | string = '') =>
    process.stdout.write(
      `${what.padEnd(44)}${String(value).padStart(10)}${wanted === '' ? '' : `   of ${wanted}`}\n`,
    );
  process.stdout.write(
    `\n${calls} calls, ${digitsPerCall} digits each; end packets lost, doubled, out of order and late\n`,
  );
  line('received, as the calls say', counted.received, pressed);
  line('delivered', counted.delivered, pressed);
  line('gap', counted.gap, 0);
  line('heard by the agents', counted.heard, pressed);
  line('calls heard right, digit by digit', counted.callsHeardRight, calls);
  process.stdout.write(`wire to the event on the bus, ms p50 / p99 / most   ${spread(counted.toBusMs)}\n`);
  process.stdout.write(`wire to the agent, ms p50 / p99 / most              ${spread(counted.toAgentMs)}\n`);
  process.stdout.write(`${holds ? 'held' : 'MISSED'}\n`);
}
