import { type Command, Option } from 'commander';
import pino from 'pino';
import type { TrunklineEvent } from '../../contracts/events.ts';
import { DevEnv } from '../../local/dev-env.ts';
import { speech } from '../../local/phone/audio.ts';
import { renderCall } from './call-view.ts';
import { type DemoAgents, sipAgent, socketAgent } from './demo-agents.ts';
import { type DemoResult, judge, summaryOf } from './demo-checks.ts';
import { Failure } from './failure.ts';
import { ladderHead, ladderLines } from './ladder.ts';
import { showStep } from './progress.ts';
import { untilStopped } from './until-stopped.ts';

interface Options {
  readonly json?: boolean;
  readonly keep?: boolean;
  readonly agent: 'websocket' | 'sip';
  readonly eventbridge: boolean;
  readonly sipPort: string;
}

const DIGITS = '12*4#';
const SENTENCE =
  'Hello, this is a demonstration. My call goes from a carrier over the edge to an agent, and the agent sends my voice back.';

/** The last key leads to a human, who is heard for a while, too. */
const TIMES = {
  websocket: { digitsAfterMs: 2_500, talkMs: 7_000 },
  sip: { digitsAfterMs: 800, talkMs: 5_000 },
} as const;

export function addDemo(trunkline: Command): void {
  trunkline
    .command('demo')
    .description('boot the platform, place one real call, and check everything about it')
    .option('--json', 'one machine-readable summary on stdout, and nothing else')
    .option('--keep', 'stay up afterwards, to be called from a softphone')
    .option('--sip-port <port>', 'where the edge is called; 0 is any', '0')
    .addOption(
      new Option('--agent <kind>', 'how the agent is reached; `websocket` transfers the call on the last key')
        .choices(['websocket', 'sip'])
        .default('websocket'),
    )
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
  await using agents = await (options.agent === 'sip' ? sipAgent() : socketAgent());
  let live = false;
  await using env = await DevEnv.create({
    ...{ config: agents.config, logger, sipPort: Number(options.sipPort) },
    onStep: showStep,
    onEvent: ({ detail }) => live && isOfCall(detail) && ladderLines(detail).forEach(print),
  });
  const outage = options.eventbridge ? '' : '. EventBridge is unreachable';
  print(`\nA carrier calls ${agents.number}, speaks, and presses ${DIGITS}${outage}:\n`);
  ladderHead.forEach(print);
  live = true;
  const result = await placeAndFollow(env, agents, options);
  const checks = judge(result);
  if (result.record) print(`\nThe record, read back from DynamoDB\n${renderCall(result.record)}\n`);
  for (const { ok, name, detail } of checks) print(`${ok ? '✓' : '✗'} ${name}: ${detail}`);
  if (options.json) {
    const summary = summaryOf(result, checks, env.sipServer.kind, env.cloud.usage());
    process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  }
  if (options.keep) {
    print(stillUp(agents.number, env.sip));
    await untilStopped();
  }
  const failed = checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name} (${detail})`);
  if (failed.length > 0) throw new Failure(`the demo failed: ${failed.join('; ')}`);
}

/** One call, and everything that came of it. */
async function placeAndFollow(
  env: DevEnv,
  agents: DemoAgents,
  { eventbridge, agent: kind }: Options,
): Promise<DemoResult> {
  const audio = await speech(SENTENCE);
  env.cloud.faults.eventBridgeDown = !eventbridge;
  const report = await env.call({ to: agents.number, audio, digits: DIGITS, ...TIMES[kind] });
  if (!eventbridge) {
    const before = env.events('call.').length;
    env.cloud.faults.eventBridgeDown = false;
    process.stderr.write(`EventBridge is back; ${before} events of the call had reached it before\n`);
  }
  await env.settled();
  const [record] = await env.calls();
  const agent = await agents.heard();
  return { report, record, agent, audio, digits: DIGITS, expectedSource: eventbridge ? 'live' : 'snapshot' };
}

const stillUp = (number: string, { host, port }: DevEnv['sip']) => `
Still up: call sip:${number}@${host}:${port} from a softphone on this machine (UDP or TCP, no registration,
PCMU or PCMA). The echo agent answers. Ctrl-C stops it.`;

const isOfCall = (detail: unknown): detail is TrunklineEvent =>
  typeof detail === 'object' && detail !== null && 'callId' in detail && 'seq' in detail;
