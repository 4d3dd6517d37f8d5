import { Command } from 'commander';
import { DevEnv } from '../local/dev-env.ts';
import { type Counted, count } from '../local/phone/digit-count.ts';
import { type DigitLoad, pressDigits, startDigitAgent, type TimedEvent } from '../local/phone/digit-load.ts';
import { openDigitPhones } from '../local/phone/digit-phones.ts';
import { ownSipServer } from './apps.ts';
import { printDigits } from './digits-table.ts';

const NUMBER = '+15550100';
/** 100 ms held, 200 ms until the next one: somebody who knows the number by heart. */
const how = { heldFrames: 5, gapFrames: 9, troubled: true };

async function bench(load: DigitLoad): Promise<Counted> {
  const events: TimedEvent[] = [];
  await using phones = await openDigitPhones();
  await using agent = await startDigitAgent(phones);
  await using _server = await ownSipServer();
  await using env = await DevEnv.create({
    edge: 'process',
    config: {
      version: 1,
      trunks: { carrier: { sources: ['127.0.0.0/8'] } },
      numbers: { [NUMBER]: { agent: 'ivr' } },
      agents: { ivr: { targets: [{ uri: `sip:ivr@127.0.0.1:${agent.port}` }] } },
    },
    onEvent: ({ detail }) => events.push({ at: performance.now(), event: detail as TimedEvent['event'] }),
  });
  const result = await pressDigits(env, phones, load, NUMBER);
  await env.settled();
  return count(result, events);
}

const program = new Command('bench:digits')
  .option('--calls <n>', 'calls at the same time', '50')
  .option('--digits <n>', 'digits of each call', '200')
  .option('--json', 'figures as JSON')
  .parse();
const { calls, digits, json } = program.opts<{ calls: string; digits: string; json?: boolean }>();
const load = { calls: Number(calls), digitsPerCall: Number(digits), how, spareMs: 5_000 };
process.stderr.write(`${calls} calls press ${digits} digits each\n`);
const counted = await bench(load);
if (json) process.stdout.write(`${JSON.stringify(counted)}\n`);
else printDigits(load, counted);
process.exit(counted.holds ? 0 : 1);
