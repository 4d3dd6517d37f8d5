import { DeleteMessageBatchCommand, type Message, type SQSClient } from '@aws-sdk/client-sqs';
import type { Logger } from 'pino';

export interface SqsDeletionsOptions {
  readonly queueUrl: string;
  readonly client: SQSClient;
  readonly logger: Logger;
}

/** Ten is what one DeleteMessageBatch takes; the wait is short beside any visibility time-out. */
const batchSize = 10;
const everyMs = 250;

/** Deletes handled messages in groups. One that is not deleted comes again, which is a duplicate and harmless. */
export function sqsDeletions({ queueUrl, client, logger }: SqsDeletionsOptions) {
  const running = new Set<Promise<void>>();
  let handles: string[] = [];
  let timer: NodeJS.Timeout | undefined;

  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    if (handles.length === 0) return;
    const Entries = handles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
    handles = [];
    const sending = deleteBatch(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    running.add(sending);
    void sending.finally(() => running.delete(sending));
  };
  const deleteBatch = async (command: DeleteMessageBatchCommand) => {
    try {
      const { Failed = [] } = await client.send(command);
      if (Failed.length > 0)
        logger.warn({ failed: Failed.map(({ Code }) => Code) }, 'messages are not deleted');
    } catch (error) {
      logger.warn({ err: error }, 'messages are not deleted: they come again');
    }
  };

  return {
    add({ ReceiptHandle }: Message): void {
      if (ReceiptHandle === undefined) return;
      handles.push(ReceiptHandle);
      if (handles.length >= batchSize) send();
      else timer ??= setTimeout(send, everyMs);
    },
    async flush(): Promise<void> {
      send();
      await Promise.all(running);
    },
  };
}
