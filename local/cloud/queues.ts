import { type ApiCall, ApiError, type ApiReply, json, type LocalService, parseBody } from './api.ts';
import type { Meter } from './meter.ts';
import { md5, Queue, type StoredMessage } from './queue.ts';
import type { Place } from './references.ts';
import type { Resource } from './template.ts';
import type { Timers } from './timers.ts';

interface Entry {
  readonly Id?: string;
  readonly MessageBody?: string;
  readonly MessageAttributes?: Record<string, unknown>;
  readonly MessageSystemAttributes?: { readonly AWSTraceHeader?: { readonly StringValue?: string } };
  readonly DelaySeconds?: number;
  readonly ReceiptHandle?: string;
  readonly VisibilityTimeout?: number;
}

interface Request extends Entry {
  readonly QueueUrl?: string;
  readonly QueueName?: string;
  readonly QueueNamePrefix?: string;
  readonly Entries?: readonly Entry[];
  readonly MaxNumberOfMessages?: number;
  readonly WaitTimeSeconds?: number;
  readonly MessageAttributeNames?: readonly string[];
  readonly MessageSystemAttributeNames?: readonly string[];
  /** Older name of the same. */
  readonly AttributeNames?: readonly string[];
}

const MAX_MESSAGE_BYTES = 256 * 1024;

export interface Queues extends LocalService {
  byArn(arn: string): Queue | undefined;
  byName(name: string): Queue | undefined;
  readonly all: readonly Queue[];
}

/** SQS standard queues in memory, over the JSON protocol. */
export function createQueues(place: () => Place, timers: Timers, meter?: Meter): Queues {
  const queues = new Map<string, Queue>();
  const byArn = (arn: string) => [...queues.values()].find(({ settings }) => settings.arn === arn);

  const add = (name: string, properties: Record<string, unknown>) => {
    const { region, accountId, endpoint } = place();
    const redrive = properties['RedrivePolicy'] as
      | { deadLetterTargetArn: string; maxReceiveCount: number }
      | undefined;
    const settings = {
      name,
      arn: `arn:aws:sqs:${region}:${accountId}:${name}`,
      url: `${endpoint}/${accountId}/${name}`,
      visibilityMs: Number(properties['VisibilityTimeout'] ?? 30) * 1000,
      delayMs: Number(properties['DelaySeconds'] ?? 0) * 1000,
      waitMs: Number(properties['ReceiveMessageWaitTimeSeconds'] ?? 0) * 1000,
      redrive: redrive && { arn: redrive.deadLetterTargetArn, after: Number(redrive.maxReceiveCount) },
    };
    queues.set(name, new Queue(settings, timers, (arn, message) => byArn(arn)?.accept(message)));
  };

  const find = ({ QueueUrl = '' }: Request): Queue => {
    const queue = queues.get(QueueUrl.split('/').at(-1) ?? '');
    if (queue) return queue;
    throw new ApiError('AWS.SimpleQueueService.NonExistentQueue', `there is no queue ${QueueUrl}`);
  };

  return {
    name: 'SQS',
    target: 'AmazonSQS',
    emulates: ['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy'],
    byArn,
    byName: (name) => queues.get(name),
    get all() {
      return [...queues.values()];
    },
    async start(template) {
      const isQueue = ({ type }: Resource) => type === 'AWS::SQS::Queue';
      for (const { logicalId, properties } of template.resources.filter(isQueue)) {
        add(String(properties['QueueName'] ?? logicalId), properties);
      }
    },
    needs(call) {
      const action = `sqs:${call.operation.replace(/Batch$/, '')}`;
      const { QueueUrl, QueueName = '' } = parseBody<Request>(call);
      const queue = queues.get(QueueUrl?.split('/').at(-1) ?? QueueName);
      // One that is not there is told as such.
      return queue ? [{ action, resource: queue.settings.arn }] : [];
    },
    async handle(call) {
      meter?.queueRequest(call.body.length);
      const request = parseBody<Request>(call);
      if (call.operation === 'ListQueues') return json({ QueueUrls: urlsOf(queues, request) });
      const operation = operations[call.operation];
      if (!operation)
        throw new ApiError('NotImplemented', `SQS ${call.operation} is not emulated on this machine`, 501);
      return operation(find, request, call);
    },
    async [Symbol.asyncDispose]() {
      for (const queue of queues.values()) queue.close();
    },
  };
}

const urlsOf = (queues: ReadonlyMap<string, Queue>, { QueueNamePrefix = '' }: Request) =>
  [...queues.values()]
    .map(({ settings }) => settings)
    .filter(({ name }) => name.startsWith(QueueNamePrefix))
    .map(({ url }) => url);

type Find = (request: Request) => Queue;
type Operation = (find: Find, request: Request, call: ApiCall) => ApiReply | Promise<ApiReply>;

function send(queue: Queue, { MessageBody = '', DelaySeconds, ...entry }: Entry) {
  if (MessageBody === '') throw new ApiError('MissingParameter', 'MessageBody must not be empty');
  if (Buffer.byteLength(MessageBody) > MAX_MESSAGE_BYTES)
    throw new ApiError('InvalidParameterValue', 'a message of over 256 KiB');
  const delay = DelaySeconds === undefined ? undefined : DelaySeconds * 1000;
  const trace = entry.MessageSystemAttributes?.AWSTraceHeader?.StringValue;
  const message = queue.send(MessageBody, entry.MessageAttributes, delay, trace);
  return { MessageId: message.id, MD5OfMessageBody: md5(MessageBody) };
}

/** Does it to each entry: some may fail while others do not. */
function each(request: Request, act: (entry: Entry) => Record<string, unknown>): ApiReply {
  const entries = request.Entries ?? [];
  if (entries.length === 0)
    throw new ApiError('AWS.SimpleQueueService.EmptyBatchRequest', 'the batch is empty');
  if (entries.length > 10)
    throw new ApiError('AWS.SimpleQueueService.TooManyEntriesInBatchRequest', 'a batch takes ten entries');
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length) {
    throw new ApiError('AWS.SimpleQueueService.BatchEntryIdsNotDistinct', 'two entries have one Id');
  }
  const Successful: unknown[] = [];
  const Failed: unknown[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...act(entry) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      Failed.push({ Id: entry.Id, SenderFault: true, Code: error.code, Message: error.message });
    }
  }
  return json({ Successful, Failed });
}

function hide(queue: Queue, { ReceiptHandle = '', VisibilityTimeout = 0 }: Entry): Record<string, unknown> {
  if (queue.changeVisibility(ReceiptHandle, VisibilityTimeout * 1000)) return {};
  throw new ApiError('InvalidParameterValue', 'the receipt handle is not of a message in flight');
}

/** Attributes come only to those who ask for them, as in SQS. */
function shown(
  message: StoredMessage,
  { AttributeNames, MessageSystemAttributeNames = AttributeNames, MessageAttributeNames }: Request,
) {
  const system = {
    ApproximateReceiveCount: String(message.receives),
    SentTimestamp: String(message.sentAt),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
    ...(message.trace === undefined ? {} : { AWSTraceHeader: message.trace }),
  };
  const Attributes = asked(system, MessageSystemAttributeNames);
  const MessageAttributes = asked(message.attributes ?? {}, MessageAttributeNames);
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt,
    Body: message.body,
    MD5OfBody: md5(message.body),
    ...(Attributes ? { Attributes } : {}),
    ...(MessageAttributes ? { MessageAttributes } : {}),
  };
}

function asked(
  all: Readonly<Record<string, unknown>>,
  names: readonly string[] = [],
): Record<string, unknown> | undefined {
  const everything = names.includes('All') || names.includes('.*');
  const chosen = Object.entries(all).filter(([name]) => everything || names.includes(name));
  return chosen.length > 0 ? Object.fromEntries(chosen) : undefined;
}

const operations: Readonly<Record<string, Operation>> = {
  SendMessage: (find, request) => json(send(find(request), request)),
  SendMessageBatch(find, request) {
    const queue = find(request);
    const bytes = (request.Entries ?? []).reduce(
      (sum, { MessageBody = '' }) => sum + Buffer.byteLength(MessageBody),
      0,
    );
    if (bytes > MAX_MESSAGE_BYTES)
      throw new ApiError('AWS.SimpleQueueService.BatchRequestTooLong', 'a batch of over 256 KiB');
    return each(request, (entry) => send(queue, entry));
  },
  async ReceiveMessage(find, request, call) {
    const queue = find(request);
    const { MaxNumberOfMessages = 1, WaitTimeSeconds, VisibilityTimeout } = request;
    const wait = WaitTimeSeconds === undefined ? queue.settings.waitMs : WaitTimeSeconds * 1000;
    const visibility =
      VisibilityTimeout === undefined ? queue.settings.visibilityMs : VisibilityTimeout * 1000;
    const messages = await queue.receive(MaxNumberOfMessages, wait, visibility, call.gone);
    return json(messages.length > 0 ? { Messages: messages.map((message) => shown(message, request)) } : {});
  },
  DeleteMessage(find, request) {
    find(request).delete(request.ReceiptHandle ?? '');
    return json({});
  },
  DeleteMessageBatch(find, request) {
    const queue = find(request);
    return each(request, ({ ReceiptHandle = '' }) => {
      queue.delete(ReceiptHandle);
      return {};
    });
  },
  ChangeMessageVisibility: (find, request) => json(hide(find(request), request)),
  ChangeMessageVisibilityBatch(find, request) {
    const queue = find(request);
    return each(request, (entry) => hide(queue, entry));
  },
  GetQueueUrl: (find, { QueueName = '' }) => json({ QueueUrl: find({ QueueUrl: QueueName }).settings.url }),
  GetQueueAttributes(find, request) {
    const { settings, depth } = find(request);
    return json({
      Attributes: {
        QueueArn: settings.arn,
        ApproximateNumberOfMessages: String(depth.ready),
        ApproximateNumberOfMessagesNotVisible: String(depth.inFlight),
        ApproximateNumberOfMessagesDelayed: String(depth.delayed),
        VisibilityTimeout: String(settings.visibilityMs / 1000),
      },
    });
  },
  PurgeQueue(find, request) {
    find(request).purge();
    return json({});
  },
};
