import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  paginateListQueues,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { Failure } from './failure.ts';
import { findRunning } from './running.ts';

interface Options {
  readonly prefix: string;
  readonly limit: number;
  readonly json?: boolean;
}

export function addDeadLetters(trunkline: Command): void {
  const letters = trunkline
    .command('dead-letters')
    .description('events that a function failed, and decisions and commands that no edge took');
  const verb = (name: string, does: string) =>
    letters
      .command(name)
      .description(does)
      .option('--prefix <name>', 'of the platform', 'trunkline')
      .option('--json', 'machine-readable result');
  const limited = (name: string, does: string) =>
    verb(name, does)
      .argument('<queue>', 'as `dead-letters list` shows it; the part behind dead-letters- is enough')
      .option('--limit <n>', 'messages, at most', limitOf, 100);
  verb('list', 'every such queue and how many messages lie in it').action(list);
  limited('show', 'what lies in a queue, with the error; it stays there').action(show);
  limited('redrive', 'hands every event in a queue to its function once more').action(redrive);
  letters.addHelpText(
    'after',
    '\nOf the platform that runs in this folder, or else of the account and region that the environment of the AWS SDK names.',
  );
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw new InvalidArgumentError('must be a number of messages');
}

interface Clients extends Disposable {
  readonly sqs: SQSClient;
  readonly lambda: LambdaClient;
}

async function openClients(): Promise<Clients> {
  const running = await findRunning();
  if (!running && !process.env['AWS_REGION'])
    throw new Failure(
      'no platform runs in this folder: start one with `npx trunkline up`, or set AWS_REGION',
    );
  const { AWS_ENDPOINT_URL: endpoint = '', AWS_REGION: region = '' } = running?.env ?? {};
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const settings = running ? { endpoint, region, credentials } : {};
  const [sqs, lambda] = [new SQSClient(settings), new LambdaClient(settings)];
  return { sqs, lambda, [Symbol.dispose]: () => [sqs, lambda].forEach((client) => void client.destroy()) };
}

const kinds = ['dead-letters', 'undelivered'] as const;
const nameIn = (url: string) => url.split('/').at(-1) ?? url;

async function queuesOf(sqs: SQSClient, prefix: string): Promise<readonly string[]> {
  const urls: string[] = [];
  for (const kind of kinds)
    for await (const { QueueUrls = [] } of paginateListQueues(
      { client: sqs, pageSize: 100 },
      { QueueNamePrefix: `${prefix}-${kind}-` },
    ))
      urls.push(...QueueUrls);
  return urls;
}

async function list({ prefix, json }: Options): Promise<void> {
  using clients = await openClients();
  const rows = [];
  for (const url of await queuesOf(clients.sqs, prefix)) {
    const AttributeNames = ['ApproximateNumberOfMessages' as const];
    const { Attributes } = await clients.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames }),
    );
    rows.push({ queue: nameIn(url), messages: Number(Attributes?.['ApproximateNumberOfMessages'] ?? 0) });
  }
  if (json) return print(rows);
  if (rows.length === 0) throw new Failure(`there are no queues of a platform with the prefix "${prefix}"`);
  for (const { queue, messages } of rows) process.stdout.write(`${String(messages).padStart(6)}  ${queue}\n`);
}

const print = (value: unknown) => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);

/** @throws Failure (exit code 2) that names the queues there are. */
async function find(sqs: SQSClient, prefix: string, queue: string): Promise<string> {
  const urls = await queuesOf(sqs, prefix);
  const found = urls.find((url) => [queue, `${prefix}-dead-letters-${queue}`].includes(nameIn(url)));
  if (found) return found;
  throw new Failure(`there is no queue "${queue}": there are ${urls.map(nameIn).join(', ') || 'none'}`, 2);
}

/** As Lambda leaves it: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
const FailureRecord = z.object({
  requestContext: z.object({ functionArn: z.string(), condition: z.string() }),
  requestPayload: z.unknown(),
  responsePayload: z.object({ errorType: z.string(), errorMessage: z.string() }).partial().nullish(),
});

/** What is known of an event that lies there. */
interface Letter {
  readonly message: Message;
  /** Undefined: no function was to have it. */
  readonly lambda: string | undefined;
  readonly event: unknown;
  readonly error: string;
}

function readLetter(message: Message): Letter {
  const body: unknown = JSON.parse(message.Body ?? 'null');
  const record = FailureRecord.safeParse(body).data;
  if (record) {
    const { errorType = record.requestContext.condition, errorMessage = '' } = record.responsePayload ?? {};
    const error = `${errorType}: ${errorMessage}`;
    return { message, lambda: record.requestContext.functionArn, event: record.requestPayload, error };
  }
  const { TARGET_ARN: target, ERROR_MESSAGE: why } = message.MessageAttributes ?? {};
  const error = why?.StringValue ?? 'nobody took it in time';
  return { message, lambda: target?.StringValue, event: body, error };
}

/** Hidden from others while we look: longer than this takes nobody. */
const HIDDEN_SECONDS = 60;

async function* lettersIn(sqs: SQSClient, url: string, limit: number): AsyncGenerator<Letter> {
  for (let left = limit; left > 0; ) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: Math.min(10, left),
        VisibilityTimeout: HIDDEN_SECONDS,
        MessageAttributeNames: ['All'],
      }),
    );
    if (Messages.length === 0) return;
    left -= Messages.length;
    yield* Messages.map(readLetter);
  }
}

const About = z
  .object({ 'detail-type': z.string(), time: z.string(), detail: z.object({ callId: z.string() }).partial() })
  .partial();

function lineOf({ event, error }: Letter): string {
  const { 'detail-type': type = 'message', time = '', detail } = About.safeParse(event).data ?? {};
  return `${time || '-'}  ${type}  ${detail?.callId ?? '-'}  ${error.slice(0, 300)}`;
}

const putBack = (sqs: SQSClient, QueueUrl: string, { ReceiptHandle = '' }: Message) =>
  sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));

async function show(queue: string, { prefix, limit, json }: Options): Promise<void> {
  using clients = await openClients();
  const url = await find(clients.sqs, prefix, queue);
  const letters = [];
  for await (const letter of lettersIn(clients.sqs, url, limit)) letters.push(letter);
  await Promise.all(letters.map(({ message }) => putBack(clients.sqs, url, message)));
  if (json) return print(letters.map(({ lambda, event, error }) => ({ function: lambda, event, error })));
  if (letters.length === 0) process.stdout.write(`nothing lies in ${nameIn(url)}\n`);
  for (const letter of letters) process.stdout.write(`${lineOf(letter)}\n`);
}

/** Deleted once Lambda has it: what fails again comes back here. */
async function redrive(queue: string, { prefix, limit, json }: Options): Promise<void> {
  using clients = await openClients();
  const url = await find(clients.sqs, prefix, queue);
  if (nameIn(url).startsWith(`${prefix}-undelivered-`))
    throw new Failure(
      `${nameIn(url)} holds decisions and commands of calls that did not wait for them: look at them with show, and let them go`,
      2,
    );
  let redriven = 0;
  for await (const { lambda, event, message } of lettersIn(clients.sqs, url, limit)) {
    if (lambda === undefined) continue;
    const Payload = Buffer.from(JSON.stringify(event));
    await clients.lambda.send(new InvokeCommand({ FunctionName: lambda, InvocationType: 'Event', Payload }));
    await clients.sqs.send(
      new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle ?? '' }),
    );
    redriven += 1;
  }
  if (json) print({ queue: nameIn(url), redriven });
  else process.stdout.write(`${redriven} handed to their function once more\n`);
}
