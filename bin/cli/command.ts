import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { Command as Verb } from 'commander';
import { ulid } from 'ulid';
import { Command, commands } from '../../contracts/commands.ts';
import { sources } from '../../contracts/envelope.ts';
import type { EventOf } from '../../contracts/events.ts';
import { faultsOf } from '../../contracts/refusal.ts';
import { outputs } from '../../lib/outputs.ts';
import type { BusEvent } from '../../local/cloud/local-cloud.ts';
import { eventLine } from './event-line.ts';
import { Failure } from './failure.ts';
import { fieldsOf, withTypes } from './fields.ts';
import { needRunning, type RunningPlatform } from './running.ts';

interface Options {
  readonly call?: string;
  readonly wait?: boolean;
  readonly json?: boolean;
}

type Answer = EventOf<'command.applied'> | EventOf<'command.refused'>;

/** Longest wait for the answer, ms: it comes within 1.5 s from the function, or 15 s of its turn from the edge. */
const ANSWERED_WITHIN_MS = 30_000;

export function addCommand(trunkline: Verb): void {
  trunkline
    .command('command <type> [fields...]')
    .description('put a command on the bus of the running platform, such as call.hangup')
    .option('--call <id>', 'the call; call.originate makes up an id for its own')
    .option('--wait', 'wait for the answer: 0 where it was applied, 1 where it was refused')
    .option('--json', 'print the command, or with --wait its answer, as JSON')
    .addHelpText(
      'after',
      `
Fields are NAME=VALUE, with dots into objects. Types: ${Object.keys(commands).join(', ')}.

Examples:
  $ npx trunkline command call.hangup --call 01KG… --wait
  $ npx trunkline command call.play --call 01KG… file=welcome.wav to=a
  $ npx trunkline command call.originate to.number=+15550177 connect.agent=echo --wait`,
    )
    .action(run);
}

async function run(type: string, fields: string[], { call, wait, json }: Options): Promise<void> {
  const command = commandOf(type, fields, call);
  const running = await needRunning();
  const answer = wait ? await listenFor(running, command.id) : undefined;
  await put(running, command);
  const said = await answer?.();
  const text = json ? JSON.stringify(said ?? command) : said ? eventLine(said) : sent(command);
  process.stdout.write(`${text}\n`);
  if (said?.type === 'command.refused') process.exitCode = 1;
}

const sent = ({ type, id, callId }: Command) => `${type} ${id} for call ${callId} is on the bus`;

function commandOf(type: string, fields: readonly string[], call: string | undefined): Command {
  if (!Object.hasOwn(commands, type))
    throw new Failure(`${type} is no command: there are ${Object.keys(commands).join(', ')}`, 2);
  const callId = call ?? (type === 'call.originate' ? ulid() : undefined);
  if (callId === undefined)
    throw new Failure(`${type} needs --call ID: take one of \`trunkline calls list\``, 2);
  const input = withTypes(Command, { version: 1, id: ulid(), type, callId, ...fieldsOf(fields) });
  const read = Command.safeParse(input);
  if (read.success) return read.data;
  const faults = faultsOf(read.error, input).map(({ path, message }) => `  ${path}: ${message}`);
  throw new Failure(`${type} is not right:\n${faults.join('\n')}`, 2);
}

async function put({ env, outputs: told }: RunningPlatform, command: Command): Promise<void> {
  const client = new EventBridgeClient({
    endpoint: env['AWS_ENDPOINT_URL'] ?? '',
    region: env['AWS_REGION'] ?? '',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    const about = { Source: sources.client, EventBusName: told[outputs.busName] };
    const entry = { ...about, DetailType: command.type, Detail: JSON.stringify(command) };
    const { FailedEntryCount, Entries } = await client.send(new PutEventsCommand({ Entries: [entry] }));
    if (FailedEntryCount) throw new Failure(`the bus did not take it: ${JSON.stringify(Entries)}`);
  } finally {
    client.destroy();
  }
}

/** Listens from now on, so that no answer comes too early to be heard. */
async function listenFor({ events }: RunningPlatform, id: string): Promise<() => Promise<Answer>> {
  const late = AbortSignal.timeout(ANSWERED_WITHIN_MS);
  const stream = await fetch(events, { signal: late }).catch(() => undefined);
  if (!stream?.body) throw new Failure(`the platform does not answer at ${events}`);
  const input = Readable.fromWeb(stream.body as never);
  return async () => {
    const lines = createInterface({ input: input.once('error', () => lines.close()) });
    for await (const line of lines) {
      const { detail } = JSON.parse(line) as BusEvent;
      const answer = detail as Answer;
      if (!/^command\.(applied|refused)$/.test(answer.type) || answer.commandId !== id) continue;
      input.destroy();
      return answer;
    }
    throw new Failure(`no answer came within ${ANSWERED_WITHIN_MS / 1000} s`);
  };
}
