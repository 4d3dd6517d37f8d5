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
import { type Quickstart, startQuickstart } from './quickstart.ts';
import { untilStopped } from './until-stopped.ts';

interface Options {
  readonly json?: boolean;
  readonly keep?: boolean;
  readonly eventbridge: boolean;
  readonly sipPort: string;
}

const DIGITS = '12*4#';
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
  let live = false;
  await using env = await DevEnv.create({
    ...{ config: quickstart.config, logger, sipPort: Number(options.sipPort) },
    onStep: showStep,
    onEvent: ({ detail }) => live && isOfCall(detail) && ladderLines(detail).forEach(print),
  });
  const outage = options.eventbridge ? '' : '. EventBridge is unreachable';
  print(`\nA carrier calls ${quickstart.number}, speaks, and presses ${DIGITS}${outage}:\n`);
  ladderHead.forEach(print);
  live = true;
  const result = await placeAndFollow(env, quickstart, options);
  const checks = judge(result);
  if (result.record) print(`\nThe record, read back from DynamoDB\n${renderCall(result.record)}\n`);
  for (const { ok, name, detail } of checks) print(`${ok ? '✓' : '✗'} ${name}: ${detail}`);
  if (options.json) {
    const summary = summaryOf(result, checks, env.sipServer.kind, env.cloud.usage());
    process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  }
  if (options.keep) {
    print(stillUp(quickstart.number, env.sip));
    await untilStopped();
  }
  const failed = checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name} (${detail})`);
  if (failed.length > 0) throw new Failure(`the demo failed: ${failed.join('; ')}`);
}

/** One call, and everything that came of it. */
async function placeAndFollow(
  env: DevEnv,
  quickstart: Quickstart,
  { eventbridge }: Options,
): Promise<DemoResult> {
  const audio = await speech(SENTENCE);
  env.cloud.faults.eventBridgeDown = !eventbridge;
  const pressed = { digits: DIGITS, digitsAfterMs: 800 };
  const report = await env.call({ to: quickstart.number, audio, ...pressed, talkMs: TALK_MS });
  if (!eventbridge) {
    const before = env.events('call.').length;
    env.cloud.faults.eventBridgeDown = false;
    process.stderr.write(`EventBridge is back; ${before} events of the call had reached it before\n`);
  }
  await env.settled();
  const [record] = await env.calls();
  const agent = await quickstart.agent.report();
  return { report, record, agent, audio, digits: DIGITS, expectedSource: eventbridge ? 'live' : 'snapshot' };
}

const stillUp = (number: string, { host, port }: DevEnv['sip']) => `
Still up: call sip:${number}@${host}:${port} from a softphone on this machine (UDP or TCP, no registration,
PCMU or PCMA). The echo agent answers. Ctrl-C stops it.`;

const isOfCall = (detail: unknown): detail is TrunklineEvent =>
  typeof detail === 'object' && detail !== null && 'callId' in detail && 'seq' in detail;
