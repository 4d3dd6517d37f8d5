import { setTimeout as sleep } from 'node:timers/promises';
import { type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Logger } from 'pino';
import type { Inbox } from '../ports.ts';
import { type AwsIdentity, awsClient } from './aws-client.ts';
import { sqsDeletions } from './sqs-deletions.ts';

export interface SqsInboxOptions extends AwsIdentity {
  readonly queueUrl: string;
  readonly logger: Logger;
  readonly client?: SQSClient;
  /** Length of a long poll, s; default 20, the longest that SQS allows. */
  readonly waitSeconds?: number;
  /** While the queue is away: first pause and longest pause between polls, ms; default 100 and 5,000. */
  readonly backOff?: { readonly firstMs: number; readonly capMs: number };
}

/** The system attribute in which SQS keeps the trace of who sent a message. */
const TRACE = 'AWSTraceHeader';

/** Handlers at one time, before the next poll waits for one of them. */
const atOnce = 200;

/** Pause after a poll that brought something, ms: under load more messages then come with one request. */
const gatherMs = 10;

type Handle = (body: string, trace: string | undefined) => Promise<void>;

/**
 * Long-polls one queue. A message is deleted after its handling; one whose handling failed stays and comes again after
 * its visibility time-out. The next poll does not wait for handling or deleting, because a decision may be next.
 */
export function sqsInbox(options: SqsInboxOptions): Inbox {
  const { waitSeconds = 20, queueUrl, logger } = options;
  const client =
    options.client ??
    new SQSClient({ ...awsClient(options, (waitSeconds + 5) * 1_000), cacheMiddleware: true });
  const poll = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: 10,
    WaitTimeSeconds: waitSeconds,
    MessageSystemAttributeNames: [TRACE],
  });
  return {
    listen(handle) {
      const stop = new AbortController();
      const deletions = sqsDeletions({ queueUrl, client, logger });
      const busy = new Set<Promise<void>>();
      const take = (message: Message) => {
        const handling = handleOne(message, handle, logger).then((handled) => {
          busy.delete(handling);
          if (handled) deletions.add(message);
        });
        busy.add(handling);
      };
      const receive = async () => {
        const { Messages = [] } = await client.send(poll, { abortSignal: stop.signal });
        for (const message of Messages) take(message);
        if (Messages.length > 0) await pause(gatherMs, stop.signal);
        if (busy.size >= atOnce) await Promise.race(busy);
      };
      const polling = pollUntil(stop.signal, receive, options);
      return {
        async [Symbol.asyncDispose]() {
          stop.abort();
          await polling;
          await Promise.all(busy);
          await deletions.flush();
        },
      };
    },
  };
}

async function pollUntil(signal: AbortSignal, receive: () => Promise<void>, options: SqsInboxOptions) {
  const { logger, backOff = { firstMs: 100, capMs: 5_000 } } = options;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await receive();
      if (failures > 0) logger.info({ failures }, 'the queue of this edge can be read again');
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      if (failures === 1) logger.error({ err: error }, 'the queue of this edge cannot be read');
      const longest = Math.min(backOff.capMs, backOff.firstMs * 2 ** Math.min(failures - 1, 16));
      await pause(longest * (0.5 + Math.random() / 2), signal);
    }
  }
}

/** Cut short, not broken, by the signal. */
const pause = (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }).catch(() => undefined);

async function handleOne(message: Message, handle: Handle, logger: Logger): Promise<boolean> {
  try {
    await handle(message.Body ?? '', message.Attributes?.[TRACE]);
    return true;
  } catch (error) {
    logger.error(
      { err: error, messageId: message.MessageId },
      'a message could not be handled: it will come again',
    );
    return false;
  }
}
