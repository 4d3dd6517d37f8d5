import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { type ApiCall, ApiError, type ApiReply, type LocalService, Unreachable } from './api.ts';
import type { Faults } from './faults.ts';
import type { Meter } from './meter.ts';
import { meterTables } from './table-meter.ts';
import { needsOfTables, type TableKey, tableKeys } from './table-needs.ts';
import type { Resource } from './template.ts';

/** Operations that dynalite has not; the platform makes do without them, and whoever asks is told so. */
const missing =
  /^(Transact|Execute|BatchExecute|UpdateTimeToLive|UpdateContinuousBackups|DescribeStream|GetRecords)/;

export interface Tables extends LocalService {
  /** Creates the tables of the template; the door must be open, since they are created through it. */
  create(endpoint: string): Promise<void>;
  readonly requests: Readonly<Record<string, number>>;
}

/** DynamoDB: dynalite behind our own door, which reads bodies whole, because a reset in a body would end its process. */
export function createTables(dataDir: string | undefined, faults: Faults, meter: Meter | undefined): Tables {
  const server = dynalite({
    createTableMs: 0,
    deleteTableMs: 0,
    ...(dataDir === undefined ? {} : { path: dataDir }),
  });
  const [listener] = server.listeners('request') as [
    (request: IncomingMessage, response: ServerResponse) => void,
  ];
  const requests: Record<string, number> = {};
  const plain = (call: ApiCall) => ask(listener, call);
  let metered: ReturnType<typeof meterTables> | undefined;
  let wanted: CreateTableCommandInput[] = [];
  let keys: ReadonlyMap<string, TableKey> = new Map();

  return {
    name: 'DynamoDB',
    target: 'DynamoDB_20120810',
    emulates: ['AWS::DynamoDB::Table'],
    requests,
    async start(template) {
      metered = meter && meterTables(template, meter);
      keys = tableKeys(template);
      wanted = template.resources.filter(({ type }) => type === 'AWS::DynamoDB::Table').map(tableOf);
    },
    needs: (call) => needsOfTables(call, keys),
    create: (endpoint) => createAll(endpoint, wanted),
    handle(call) {
      refuse(call, faults);
      requests[call.operation] = (requests[call.operation] ?? 0) + 1;
      return metered ? metered(call, plain) : plain(call);
    },
    async [Symbol.asyncDispose]() {
      // dynalite closes its database only behind a server that has listened.
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const tableOf = ({ logicalId, properties }: Resource) =>
  ({
    TableName: String(properties['TableName'] ?? logicalId),
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: properties['AttributeDefinitions'],
    KeySchema: properties['KeySchema'],
    ...(properties['GlobalSecondaryIndexes']
      ? { GlobalSecondaryIndexes: properties['GlobalSecondaryIndexes'] }
      : {}),
  }) as CreateTableCommandInput;

/** Those that a folder has kept are there already. */
async function createAll(endpoint: string, tables: readonly CreateTableCommandInput[]): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint, region: 'local', credentials });
  const patience = { client, maxWaitTime: 10, minDelay: 0.01, maxDelay: 0.1 };
  for (const table of tables) {
    await client.send(new CreateTableCommand(table)).catch((error: Error) => {
      if (error.name !== 'ResourceInUseException') throw error;
    });
    await waitUntilTableExists(patience, { TableName: table.TableName ?? '' });
  }
  client.destroy();
}

function refuse(call: ApiCall, faults: Faults): void {
  if (faults.tablesDown) throw new Unreachable();
  if (missing.test(call.operation)) {
    throw new ApiError('NotImplemented', `DynamoDB ${call.operation} is not emulated on this machine`, 501);
  }
  if (Math.random() < faults.throttledTables) {
    const code = 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException';
    throw new ApiError(code, 'The level of configured provisioned throughput for the table was exceeded.');
  }
}

/** Gives dynalite's handler a request that is already whole, and collects what it answers. */
function ask(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
  call: ApiCall,
): Promise<ApiReply> {
  return new Promise((resolve) => {
    const request = new IncomingMessage(new Socket());
    Object.assign(request, { method: call.method, url: call.url, headers: call.headers });
    const response = new ServerResponse(request);
    const chunks: Buffer[] = [];
    const collect = (chunk: unknown) => {
      if (typeof chunk === 'string' || Buffer.isBuffer(chunk)) chunks.push(Buffer.from(chunk as string));
    };
    response.write = ((chunk: unknown) => {
      collect(chunk);
      return true;
    }) as typeof response.write;
    response.end = ((chunk?: unknown) => {
      collect(chunk);
      const crc = response.getHeader('x-amz-crc32');
      const headers = crc === undefined ? {} : { 'x-amz-crc32': String(crc) };
      resolve({ status: response.statusCode, body: Buffer.concat(chunks), headers });
      return response;
    }) as typeof response.end;
    response.assignSocket(new Writable({ write: (_chunk, _encoding, done) => done() }) as unknown as Socket);
    listener(request, response);
    request.push(call.body);
    request.push(null);
  });
}
