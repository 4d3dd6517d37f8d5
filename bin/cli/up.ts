import { type Command, InvalidArgumentError } from 'commander';
import pino from 'pino';
import { DevEnv } from '../../local/dev-env.ts';
import { loadConfig } from './config-file.ts';
import { openEventStream } from './event-stream.ts';
import { Failure } from './failure.ts';
import { showStep } from './progress.ts';
import { startQuickstart } from './quickstart.ts';
import { announce, findRunning, type RunningPlatform } from './running.ts';
import { untilStopped } from './until-stopped.ts';

interface Options {
  readonly config?: string;
  readonly sipPort: number;
  readonly httpPort: number;
  readonly data?: string;
  readonly json?: boolean;
}

export function addUp(trunkline: Command): void {
  trunkline
    .command('up')
    .description('run the platform on this machine, until Ctrl-C')
    .option('--config <file>', 'routing configuration; without it the quickstart, with an echo agent')
    .option('--sip-port <port>', 'where carriers call, UDP and TCP on 127.0.0.1', portOf, 5060)
    .option('--http-port <port>', '/live, /ready and /metrics of the edge; 0 is any', portOf, 0)
    .option('--data <dir>', 'keep tables and journal there; without it they go at the end')
    .option('--json', 'print the addresses as one JSON')
    .addHelpText('after', '\nExample:\n  $ npx trunkline up --config trunkline.yaml --sip-port 5060')
    .action(up);
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('must be a port, 0 to 65535');
}

async function up(options: Options): Promise<void> {
  const running = await findRunning();
  if (running)
    throw new Failure(`a platform runs in this folder already, as process ${running.pid}: stop it first`);
  const level = process.env['LOG_LEVEL'] ?? 'warn';
  const logger = pino({ level }, pino.destination(2));
  const quickstart = options.config === undefined ? await startQuickstart() : undefined;
  const config = quickstart?.config ?? (await loadConfig(options.config ?? ''));
  await using stream = await openEventStream();
  await using env = await DevEnv.create({
    ...{ config, logger, sipPort: options.sipPort, httpPort: options.httpPort },
    ...(options.data === undefined ? {} : { dataDir: options.data }),
    edgeSettings: { TRUNKLINE_DRAIN_SECONDS: 1 },
    onEvent: (event) => stream.publish(event),
    onStep: showStep,
  });
  const { endpoint, outputs, env: clientEnv } = env.cloud;
  const platform = {
    pid: process.pid,
    env: clientEnv,
    outputs,
    sip: env.sip,
    http: env.edge.http,
    events: stream.url,
  };
  await using _announced = await announce(platform);
  const number = quickstart?.number ?? Object.keys(config.numbers)[0] ?? '';
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ ...platform, endpoint, number })}\n`
      : welcome(platform, endpoint, number, env.sipServer.kind),
  );
  await untilStopped();
  process.stderr.write('stopping: calls that are up have a second\n');
  await env.edge.stop();
  await quickstart?.[Symbol.asyncDispose]();
}

const welcome = ({ sip, http }: RunningPlatform, endpoint: string, number: string, kind: string) => `
Trunkline is up.
  calls      sip:${number}@${sip.host}:${sip.port} (UDP and TCP, ${kind} SIP server; G.711 with RFC 4733 digits)
  try        npx trunkline call ${number} --digits 12#
  watch      npx trunkline events tail          npx trunkline calls list
  health     http://${http.host}:${http.port}/ready      /metrics
  AWS        AWS_ENDPOINT_URL=${endpoint} (EventBridge, SQS, DynamoDB, Lambda)
Ctrl-C stops it.
`;
