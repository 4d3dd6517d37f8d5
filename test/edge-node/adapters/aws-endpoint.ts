import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface AwsRequest {
  /** Last part of x-amz-target: `PutEvents`. */
  readonly action: string;
  readonly body: Record<string, unknown>;
}

/** A status and a JSON body; `silence` never answers, `reset` breaks the connection. */
export type AwsAnswer = { readonly status?: number; readonly body: unknown } | 'silence' | 'reset';

/** An AWS endpoint in the hand of the test, for SDK clients that are not modified. */
export async function anAwsEndpoint(answer: (request: AwsRequest) => AwsAnswer | Promise<AwsAnswer>) {
  const requests: AwsRequest[] = [];
  const server = createServer(async (request, response) => {
    const action = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    const came = { action, body: JSON.parse(await textOf(request)) };
    requests.push(came);
    const answered = await answer(came);
    if (answered === 'silence') return;
    if (answered === 'reset') return void request.socket.destroy();
    response.writeHead(answered.status ?? 200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(answered.body));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise((closed) => {
      server.close(closed);
      server.closeAllConnections();
    });
  onTestFinished(async () => void (await close()));
  return { requests, close, client: clientSettings(port) };
}

/** What a client needs to speak to a port of this machine. */
export const clientSettings = (port: number) => ({
  endpoint: `http://127.0.0.1:${port}`,
  region: 'eu-west-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
