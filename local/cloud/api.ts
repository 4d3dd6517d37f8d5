import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Need } from './iam/statement.ts';
import type { Template } from './template.ts';

/** One request of an AWS SDK client, read to its end. */
export interface ApiCall {
  /** `PutEvents`, `ReceiveMessage`, … or the path for a service that speaks REST. */
  readonly operation: string;
  readonly body: Buffer;
  readonly headers: IncomingMessage['headers'];
  readonly method: string;
  readonly url: string;
  /** Fires when the client went away before the answer. */
  readonly gone: AbortSignal;
}

export interface ApiReply {
  readonly status: number;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An emulated service. Booted with what the template says of it, stopped in reverse order. */
export interface LocalService extends AsyncDisposable {
  readonly name: string;
  /** Start of `x-amz-target`, or of the path. */
  readonly target: string;
  /** CloudFormation types that this service stands for, wholly or as far as it matters here. */
  readonly emulates: readonly string[];
  start(template: Template): Promise<void>;
  /** What must be allowed to whoever makes the call. */
  needs(call: ApiCall): readonly Need[];
  handle(call: ApiCall): Promise<ApiReply>;
}

/** An error as the SDK clients understand it. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
  }
}

/** Thrown to make the service look unreachable: the connection is cut without an answer. */
export class Unreachable extends Error {}

/** @throws ApiError where the policies of whoever holds the key do not allow it. */
export type Authorize = (accessKey: string, needs: readonly Need[]) => void;

/** Of AWS Signature Version 4, which is not verified here; empty where the request is not signed. */
export const accessKeyOf = ({ headers }: IncomingMessage) =>
  /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '';

const MAX_BODY = 2 * 1024 * 1024;

/** One door for all services, on loopback. Bodies are read whole first: a client that resets harms nobody. */
export async function openDoor(services: readonly LocalService[], port: number, authorize: Authorize) {
  const server = createServer((request, response) => {
    answer(request, response, services, authorize).catch((error: unknown) => {
      if (error instanceof Unreachable || response.headersSent) return request.socket.destroy();
      reply(
        response,
        request,
        error instanceof ApiError ? error : new ApiError('InternalFailure', String(error), 500),
      );
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const at = bound !== null && typeof bound === 'object' ? bound.port : port;
  return {
    endpoint: `http://127.0.0.1:${at}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  services: readonly LocalService[],
  authorize: Authorize,
): Promise<void> {
  const body = await readBody(request);
  if (!body) return;
  const target = String(request.headers['x-amz-target'] ?? '');
  const url = request.url ?? '/';
  const service = services.find((each) =>
    target ? target.startsWith(`${each.target}.`) : url.startsWith(each.target),
  );
  if (!service)
    throw new ApiError(
      'NotImplemented',
      `no service on this machine answers ${target || `${request.method} ${url}`}`,
      501,
    );
  const gone = new AbortController();
  response.once('close', () => !response.writableEnded && gone.abort());
  const operation = target ? target.slice(service.target.length + 1) : url;
  const call = {
    operation,
    body,
    headers: request.headers,
    method: request.method ?? 'POST',
    url,
    gone: gone.signal,
  };
  authorize(accessKeyOf(request), service.needs(call));
  const { status, body: content, headers = {} } = await service.handle(call);
  if (response.destroyed) return;
  response.writeHead(status, { 'Content-Type': contentType(request), ...headers }).end(content);
}

/** SQS names its exceptions anew in the JSON protocol and keeps the old code in a header. */
const exceptionOf = (code: string) =>
  code
    .replace('.NonExistentQueue', '.QueueDoesNotExist')
    .replace('AWS.SimpleQueueService.', 'com.amazonaws.sqs#');

const contentType = (request: IncomingMessage) =>
  request.headers['content-type'] ?? 'application/x-amz-json-1.0';

function reply(response: ServerResponse, request: IncomingMessage, error: ApiError): void {
  const query = { 'x-amzn-query-error': `${error.code};${error.status < 500 ? 'Sender' : 'Receiver'}` };
  response
    .writeHead(error.status, {
      'Content-Type': contentType(request),
      'x-amzn-ErrorType': error.code,
      ...query,
    })
    .end(JSON.stringify({ __type: exceptionOf(error.code), message: error.message }));
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > MAX_BODY) throw new ApiError('RequestEntityTooLarge', 'a request of over 2 MiB', 413);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof ApiError) throw error;
    return undefined;
  }
  return Buffer.concat(chunks);
}

export const json = (body: unknown): ApiReply => ({ status: 200, body: JSON.stringify(body) });

export function parseBody<T>(call: ApiCall): T {
  try {
    return JSON.parse(call.body.toString('utf8')) as T;
  } catch {
    throw new ApiError('SerializationException', 'the body is no JSON');
  }
}
