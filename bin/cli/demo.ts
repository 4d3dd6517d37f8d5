import type { Command } from 'commander';
import pino from 'pino';
import type { TrunklineEvent } from '../../contracts/events.ts';
import { DevEnv } from '../../local/dev-env.ts';
import { speech } from '../../local/phone/audio.ts';
import { renderCall } from './call-view.ts';
import { type DemoResult, judge, summaryOf } from './demo-checks.ts';
import { Failure } from './failure.ts';
import { ladderHead, ladderLines } from './ladder.ts';
import { showStep } from './progress.ts';
import { startQuickstart } from './quickstart.ts';
import { untilStopped } from './until-stopped.ts';

interface Options {
  readonly json?: boolean;
  readonly keep?: boolean;
  readonly eventbridge: boolean;
  readonly sipPort: string;
}

export const demoDigits = '12*4#';
const SENTENCE =
  'Hello, this is a demonstration. My call goes from a carrier over the edge to an agent, and the agent sends my voice back.';
const TALK_MS = 5_000;

export function addDemo(trunkline: Command): void {
  trunkline
    .command('demo')
    .description('boot the platform, place one real call, and check everything about it')
    .option('--json', 'one machine-readable summary on stdout, and nothing else')
    .option('--keep', 'stay up afterwards, to be called from a softphone')
    .option('--sip-port <port>', 'where the edge is called; 0 is any', '0')
    .option('--no-eventbridge', 'EventBridge is unreachable during the call, and comes back after it')
    .addHelpText(
      'after',
      '\nExit code 0 only if audio flowed both ways, every digit arrived and the record is complete.',
    )
    .action(demo);
}

async function demo(options: Options): Promise<void> {
  const print = options.json ? () => {} : (line: string) => void process.stdout.write(`${line}\n`);
  const logger = pino({ level: process.env['LOG_LEVEL'] ?? 'error' }, pino.destination(2));
  await using quickstart = await startQuickstart();
  const audio = await speech(SENTENCE);
  let live = false;
  await using env = await DevEnv.create({
    ...{ config: quickstart.config, logger, sipPort: Number(options.sipPort) },
    onStep: showStep,
    onEvent: ({ detail }) => live && isOfCall(detail) && ladderLines(detail).forEach(print),
  });

  print(
    `\nA carrier calls ${quickstart.number}, speaks, and presses ${demoDigits}${options.eventbridge ? '' : '. EventBridge is unreachable'}:\n`,
  );
  ladderHead.forEach(print);
  live = true;
  env.cloud.faults.eventBridgeDown = !options.eventbridge;
  const report = await env.call({
    to: quickstart.number,
    audio,
    digits: demoDigits,
    digitsAfterMs: 800,
    talkMs: TALK_MS,
  });
  const eventsBefore = env.events('call.').length;
  env.cloud.faults.eventBridgeDown = false;
  if (!options.eventbridge)
    process.stderr.write(`EventBridge is back; ${eventsBefore} events of the call had reached it\n`);
  await env.settled();

  const [record] = await env.calls();
  const result: DemoResult = {
    report,
    record,
    agent: await quickstart.agent.report(),
    audio,
    digits: demoDigits,
    expectedSource: options.eventbridge ? 'live' : 'snapshot',
  };
  const checks = judge(result);
  if (record) print(`\nThe record, read back from DynamoDB\n${renderCall(record)}\n`);
  for (const { ok, name, detail } of checks) print(`${ok ? '✓' : '✗'} ${name}: ${detail}`);
  if (options.json)
    process.stdout.write(
      `${JSON.stringify(summaryOf(result, checks, env.sipServer.kind, env.cloud.usage()), null, 2)}\n`,
    );

  if (options.keep) {
    print(
      `\nStill up: call sip:${quickstart.number}@${env.sip.host}:${env.sip.port} from a softphone on this machine (UDP or TCP, no registration, PCMU or PCMA). Ctrl-C stops it.`,
    );
    await untilStopped();
  }
  const failed = checks.filter(({ ok }) => !ok);
  if (failed.length > 0)
    throw new Failure(
      `the demo failed: ${failed.map(({ name, detail }) => `${name} (${detail})`).join('; ')}`,
    );
}

const isOfCall = (detail: unknown): detail is TrunklineEvent =>
  typeof detail === 'object' && detail !== null && 'callId' in detail && 'seq' in detail;
