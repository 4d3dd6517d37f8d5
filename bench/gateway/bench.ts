import { Command, Option } from 'commander';
import { printGateway } from './gateway-table.ts';
import { rowsOf } from './goals.ts';
import { measure } from './measure.ts';

interface Options {
  readonly calls: string;
  readonly seconds: string;
  readonly dialect: 'twilio' | 'pcm';
  readonly rate: '8000' | '16000' | '24000';
  readonly soak: string;
  readonly json?: boolean;
}

const program = new Command('bench:gateway')
  .description(
    'the agent gateway under calls of 50 frames a second each way, as a process of its own; 1 when a goal is missed',
  )
  .option('--calls <n>', 'calls at the same time', '200')
  .option('--seconds <n>', 'how long is measured', '20')
  .addOption(
    new Option('--dialect <name>', 'what the agent speaks').choices(['twilio', 'pcm']).default('twilio'),
  )
  .addOption(new Option('--rate <hz>', 'of pcm').choices(['8000', '16000', '24000']).default('16000'))
  .option(
    '--soak <minutes>',
    'goes on for so long, replaces calls, and tells memory and handles each minute',
    '0',
  )
  .option('--json', 'figures as JSON')
  .parse();
const { calls, seconds, dialect, rate, soak, json } = program.opts<Options>();
const rates = { 8000: 8_000, 16000: 16_000, 24000: 24_000 } as const;
const figures = await measure({
  ...{ calls: Number(calls), seconds: Number(seconds), soakMinutes: Number(soak) },
  kind: { dialect, rate: rates[rate] },
});
if (json) process.stdout.write(`${JSON.stringify(figures)}\n`);
const holds = json ? rowsOf(figures).every(({ goal }) => goal?.holds ?? true) : printGateway(figures);
process.exit(holds ? 0 : 1);
