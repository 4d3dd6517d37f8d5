import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import pino from 'pino';
import type { RoutingConfig } from '../../contracts/config.ts';
import { Parts } from '../../edge-node/parts.ts';
import { DevEnv } from '../../local/dev-env.ts';
import { type AppFolder, openApp, standInFor } from './app-folder.ts';
import { loadConfig } from './config-file.ts';
import { openEventStream } from './event-stream.ts';
import { Failure } from './failure.ts';
import { refuseMissingSecrets } from './needed-secrets.ts';
import { tlsOf } from './pem-file.ts';
import { showStep } from './progress.ts';
import { startQuickstart } from './quickstart.ts';
import { announce, findRunning, type RunningPlatform } from './running.ts';
import { loadSecrets } from './secrets-file.ts';
import { untilStopped } from './until-stopped.ts';

interface Options {
  readonly app?: string;
  readonly standIns: boolean;
  readonly config?: string;
  readonly edges: number;
  readonly secrets?: string;
  readonly sipPort: number;
  readonly httpPort: number;
  readonly tlsCertFile?: string;
  readonly tlsKeyFile?: string;
  readonly tlsCaFile?: string;
  readonly prompts?: string;
  readonly data?: string;
  readonly json?: boolean;
}

/** More would share the ports and the cores of this machine, and prove nothing. */
const MOST_EDGES = 8;

export function addUp(trunkline: Command): void {
  trunkline
    .command('up')
    .description('run the platform on this machine, until Ctrl-C')
    .option(
      '--app <dir>',
      'a CDK app of yours: its functions run on the same bus; with its trunkline.yaml and prompts/',
    )
    .option(
      '--no-stand-ins',
      'with --app: do not answer in the place of agents at 127.x addresses that nobody has',
    )
    .option(
      '--config <file>',
      'routing configuration; without it that of --app, or the quickstart with an echo agent',
    )
    .option(
      '--secrets <file>',
      'what Secrets Manager holds here: "name: secret" lines; none goes to the real one',
    )
    .option('--edges <n>', 'how many edges, each with its own SIP server and rtpengine', edgesOf, 1)
    .option(
      '--sip-port <port>',
      'where carriers call, UDP and TCP on 127.0.0.1; two more per edge',
      portOf,
      5060,
    )
    .option('--tls-cert-file <file>', 'PEM certificate with its chain: TLS, too, one port above --sip-port')
    .option('--tls-key-file <file>', 'its PEM private key')
    .option('--tls-ca-file <file>', 'PEM authorities for carriers, in place of the well-known ones')
    .option('--http-port <port>', '/live, /ready and /metrics; one more per edge; 0 is any', portOf, 0)
    .option('--prompts <dir>', 'recordings for call.play')
    .option('--data <dir>', 'keep tables and journal there; without it they go at the end')
    .option('--json', 'print the addresses as one JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx trunkline up --config trunkline.yaml --sip-port 5060\n  $ npx trunkline up --app examples/ivr',
    )
    .action(up);
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('must be a port, 0 to 65535');
}

function edgesOf(text: string): number {
  const edges = Number(text);
  if (Number.isInteger(edges) && edges >= 1 && edges <= MOST_EDGES) return edges;
  throw new InvalidArgumentError(`must be a number of edges, 1 to ${MOST_EDGES}`);
}

async function up(options: Options): Promise<void> {
  const running = await findRunning();
  if (running)
    throw new Failure(`a platform runs in this folder already, as process ${running.pid}: stop it first`);
  const tls = await tlsOf(options);
  const level = process.env['LOG_LEVEL'] ?? 'warn';
  const logger = pino({ level }, pino.destination(2));
  const secrets = options.secrets === undefined ? {} : await loadSecrets(options.secrets);
  await using parts = new Parts();
  const { config, number, app, prompts } = await prepare(options, parts);
  refuseMissingSecrets(config, { env: process.env, secrets });
  await using stream = await openEventStream();
  await using env = await DevEnv.create({
    ...{ config, secrets, logger, edges: options.edges, gateway: true },
    ...{ sipPort: options.sipPort, httpPort: options.httpPort },
    ...(tls === undefined ? {} : { tls }),
    ...(options.data === undefined ? {} : { dataDir: options.data }),
    ...(app === undefined ? {} : { apps: [app.assembly] }),
    edgeSettings: {
      TRUNKLINE_DRAIN_SECONDS: 1,
      ...(prompts === undefined ? {} : { TRUNKLINE_PROMPTS_DIR: prompts }),
    },
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
    edges: env.edges.map(({ id, sip, sipServer, edge }) => ({
      ...{ id, sip, http: edge.http },
      ...(sipServer.tls ? { tls: sipServer.tls } : {}),
    })),
    events: stream.url,
  };
  await using _announced = await announce(platform);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ ...platform, endpoint, number })}\n`
      : welcome(platform, endpoint, number, env.sipServer.kind),
  );
  await untilStopped();
  process.stderr.write('stopping: calls that are up have a second\n');
  await Promise.all(env.edges.map(({ edge }) => edge.stop()));
}

interface Prepared {
  readonly config: RoutingConfig;
  /** The number to call. */
  readonly number: string;
  readonly app: AppFolder | undefined;
  readonly prompts: string | undefined;
}

/** What the platform is started with; whoever is started for it belongs to `parts`. */
async function prepare(options: Options, parts: Parts): Promise<Prepared> {
  const app = options.app === undefined ? undefined : parts.use(await openApp(options.app));
  const prompts = options.prompts === undefined ? app?.prompts : resolve(options.prompts);
  const file = options.config ?? app?.config;
  if (file === undefined) {
    const { config, number } = parts.use(await startQuickstart());
    return { config, number, app, prompts };
  }
  const config = await loadConfig(file);
  if (app && options.standIns) for (const agent of await standInFor(config)) parts.use(agent);
  return { config, number: Object.keys(config.numbers)[0] ?? '', app, prompts };
}

const welcome = ({ edges }: RunningPlatform, endpoint: string, number: string, kind: string) => `
Trunkline is up.
${edges.map((edge) => edgeLines(edge, number, kind)).join('\n')}
  try        npx trunkline call ${number} --digits 12#
  watch      npx trunkline events tail          npx trunkline calls list
  carriers   npx trunkline trunks status
  functions  ${endpoint}/metrics
  AWS        AWS_ENDPOINT_URL=${endpoint} (EventBridge, SQS, DynamoDB, Lambda, Secrets Manager)
Ctrl-C stops it.
`;

const edgeLines = ({ id, sip, tls, http }: RunningPlatform['edges'][number], number: string, kind: string) =>
  [
    `  ${id}     sip:${number}@${sip.host}:${sip.port} (UDP and TCP, ${kind} SIP server; G.711 with RFC 4733 digits)`,
    ...(tls ? [`             sip:${number}@${tls.host}:${tls.port};transport=tls`] : []),
    `             http://${http.host}:${http.port}/ready      /metrics`,
  ].join('\n');
