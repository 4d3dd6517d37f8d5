import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { ulid } from 'ulid';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { dynamoDb, eventBridge, sqs } from '../../functions/adapters/clients.ts';
import { dynamoCalls } from '../../functions/adapters/dynamo-calls.ts';
import { dynamoFleet } from '../../functions/adapters/dynamo-fleet.ts';
import { eventBridgeAnnouncements } from '../../functions/adapters/eventbridge-announcements.ts';
import { sqsEdgeQueues } from '../../functions/adapters/sqs-edge-queues.ts';
import { aHangup, anEvent, queueUrl } from './an-event.ts';

interface Reply {
  readonly status?: number;
  readonly body: object;
}

/** AWS as its clients see it: answers what the test says, in turn, and remembers what it was asked. */
class ScriptedAws {
  readonly asked: { operation: string; body: Record<string, unknown> }[] = [];
  private readonly replies: Reply[] = [];
  private readonly server = createServer((request, response) => void this.answer(request, response));

  async start(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  willSay(...replies: Reply[]): void {
    this.replies.push(...replies);
  }
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    this.asked.push({ operation, body: JSON.parse(await text(request)) });
    const { status = 200, body } = this.replies.shift() ?? { body: {} };
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
  }
}

let aws: ScriptedAws;
beforeEach(async () => {
  aws = new ScriptedAws();
  vi.stubEnv('AWS_ENDPOINT_URL', await aws.start());
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await aws.stop();
});

const throttled: Reply = {
  status: 400,
  body: {
    __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
    message: 'slow down',
  },
};
const refused: Reply = {
  status: 400,
  body: { __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException', message: 'no' },
};
const invalid: Reply = {
  status: 400,
  body: { __type: 'com.amazon.coral.validate#ValidationException', message: 'bad key' },
};

describe('DynamoDB', () => {
  const calls = () => dynamoCalls(dynamoDb(), 'calls', () => 2_000_000_000);

  test('that throttles is asked again until it takes the write', async () => {
    aws.willSay(throttled, throttled, { body: {} });
    expect(await calls().addEvent(anEvent('call.received'))).toBe(true);
    expect(aws.asked.map(({ operation }) => operation)).toEqual(['PutItem', 'PutItem', 'PutItem']);
  });

  test('that refuses a condition has answered: false', async () => {
    aws.willSay(refused);
    expect(await calls().addEvent(anEvent('call.received'))).toBe(false);
  });

  test('that fails is an error, not a refusal', async () => {
    aws.willSay(invalid);
    await expect(calls().addEvent(anEvent('call.received'))).rejects.toThrow('bad key');
  });

  test('with a heartbeat that does not parse is an error: taken for an absent one it would end living calls', async () => {
    aws.willSay({ body: { Items: [{ edgeId: { S: 'edge-1' }, epoch: { S: 'yesterday' } }] } });
    await expect(dynamoFleet(dynamoDb(), 'fleet').rows()).rejects.toThrow('epoch');
  });
});

describe('SQS', () => {
  const message = { kind: 'command', version: 1, sequence: 1, command: aHangup() } as const;

  test('is asked in our region, whatever host the queue URL names', async () => {
    const replyTo = queueUrl.replace('sqs.eu-central-1.amazonaws.com', 'evil.example');
    const md5 = createHash('md5').update(JSON.stringify(message)).digest('hex');
    aws.willSay({ body: { MessageId: '1', MD5OfMessageBody: md5 } });
    await sqsEdgeQueues(sqs(), 'trunkline-to-').send(replyTo, message);
    expect(aws.asked).toMatchObject([{ operation: 'SendMessage', body: { QueueUrl: replyTo } }]);
    expect(JSON.parse(String(aws.asked[0]?.body['MessageBody']))).toEqual(message);
  });

  test('is not asked at all when the queue is not one of our edges', async () => {
    const send = sqsEdgeQueues(sqs(), 'trunkline-to-').send(
      'https://sqs.eu-central-1.amazonaws.com/1/payroll',
      message,
    );
    await expect(send).rejects.toThrow(
      'replyTo: must be the URL of an SQS queue whose name begins with "trunkline-to-"',
    );
    expect(aws.asked).toEqual([]);
  });
});

describe('EventBridge', () => {
  const bus = () => eventBridgeAnnouncements(eventBridge(), 'trunkline');
  const events = (count: number) =>
    Array.from({ length: count }, () =>
      anEvent('command.applied', { commandId: ulid(), command: 'call.hangup' }),
    );

  test('is given ten events at a time, in the name of the control plane', async () => {
    await bus().say(events(12));
    expect(aws.asked.map(({ body }) => (body['Entries'] as unknown[]).length)).toEqual([10, 2]);
    expect(aws.asked[0]?.body['Entries']).toMatchObject([
      { Source: 'trunkline.control', DetailType: 'command.applied', EventBusName: 'trunkline' },
      ...Array(9).fill({}),
    ]);
  });

  test('that does not take one of them is an error with its code', async () => {
    aws.willSay({
      body: { FailedEntryCount: 1, Entries: [{ EventId: '1' }, { ErrorCode: 'InternalFailure' }] },
    });
    await expect(bus().say(events(2))).rejects.toThrow(
      '1 events were not taken by bus trunkline: InternalFailure',
    );
  });
});
