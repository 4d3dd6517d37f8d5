import { once } from 'node:events';
import Srf from 'drachtio-srf';
import type { ServerUnderTest } from './server-under-test.ts';

/* What drachtio-srf really is; its own types leave out or misname much of this. */

export interface SrfMessage {
  readonly method: string;
  readonly uri: string;
  readonly body: string;
  readonly source_address: string;
  readonly source_port: number;
  readonly protocol: string;
  readonly stackDialogId: string;
  get(name: string): string;
  has(name: string): boolean;
}

export interface SrfRequest extends SrfMessage {
  cancel(callback?: (error: unknown, request: SrfRequest) => void): void;
  on(event: 'cancel', listener: (cancel: SrfMessage) => void): this;
  on(event: 'response', listener: (response: SrfResponse, ack: (options?: object) => void) => void): this;
  on(event: 'update', listener: (request: SrfRequest, response: SrfResponse) => void): this;
}

interface SrfResponse extends SrfMessage {
  readonly status: number;
  readonly reason: string;
  send(
    status: number,
    options?: object,
    sent?: (error: unknown, message: SrfMessage) => void,
    acknowledged?: (ack: SrfRequest) => void,
  ): void;
}

export interface SrfDialog {
  readonly id: string;
  readonly sip: { readonly callId: string; readonly localTag: string; readonly remoteTag: string };
  readonly remote: { readonly sdp: string; readonly uri: string };
  destroy(options?: { headers?: Record<string, string> }): Promise<SrfMessage>;
  request(options: { method: string; headers?: Record<string, string>; body?: string }): Promise<SrfResponse>;
  modify(sdp: string): Promise<string>;
  on(event: string, listener: (request: SrfRequest, response: SrfResponse) => void): this;
  once(event: 'destroy', listener: (request: SrfRequest, reason: string) => void): this;
  once(event: string, listener: (request: SrfRequest, response: SrfResponse) => void): this;
}

interface Progress {
  cbRequest?: (error: unknown, request: SrfRequest) => void;
  cbProvisional?: (response: SrfResponse) => void;
}

type Handler = (request: SrfRequest, response: SrfResponse) => void;

/** What became of a request that was passed on. */
export interface ProxyResults {
  readonly connected: boolean;
  readonly finalStatus?: number;
  readonly responses: readonly {
    readonly address: string;
    readonly port: number;
    readonly msgs: readonly { readonly status: number }[];
  }[];
}

export interface SrfApp {
  connect(options: object): void;
  disconnect(): void;
  on(event: string, listener: (...arguments_: never[]) => void): this;
  invite(handler: Handler): void;
  options(handler: Handler): void;
  message(handler: Handler): void;
  subscribe(handler: Handler): void;
  use(handler: (request: SrfRequest, response: SrfResponse, next: () => void) => void): void;
  use(method: string, handler: Handler): void;
  createUAS(request: SrfRequest, response: SrfResponse, options: object): Promise<SrfDialog>;
  createUAC(uri: string, options: object, progress?: Progress): Promise<SrfDialog>;
  createB2BUA(
    request: SrfRequest,
    response: SrfResponse,
    uri: string,
    options: object,
  ): Promise<{ uas: SrfDialog; uac: SrfDialog }>;
  proxyRequest(request: SrfRequest, targets: string | string[], options?: object): Promise<ProxyResults>;
  request(uri: string, options: object, callback: (error: unknown, request: SrfRequest) => void): void;
}

export interface ConnectedApp extends AsyncDisposable {
  readonly srf: SrfApp;
  /** what the server said of itself */
  readonly hostports: string;
}

/** `prepare` names the handlers before connecting, so that their routes are there once this resolves. */
export async function connectApp(
  server: Pick<ServerUnderTest, 'admin' | 'secret'>,
  prepare: (srf: SrfApp) => void = () => {},
  tags?: string[],
  connection: object = {},
): Promise<ConnectedApp> {
  const srf = new (Srf as unknown as new (tags?: string[]) => SrfApp)(tags);
  prepare(srf);
  const connected = new Promise<string>((resolve, reject) =>
    srf.on('connect', ((error: unknown, hostports: string) =>
      error ? reject(error) : resolve(hostports)) as never),
  );
  srf.on('error', () => {});
  srf.connect({ host: server.admin.host, port: server.admin.port, secret: server.secret, ...connection });
  const hostports = await connected;
  await answered(srf);
  return {
    srf,
    hostports,
    async [Symbol.asyncDispose]() {
      const closed = once(srf as unknown as NodeJS.EventEmitter, 'close');
      srf.disconnect();
      await closed;
    },
  };
}

/** Frames are answered in order: once this answer is here, the routes asked for before it stand. */
const answered = (srf: SrfApp): Promise<void> =>
  new Promise((done) =>
    srf.request('sips:nobody@127.0.0.1;transport=tls', { method: 'OPTIONS' }, () => done()),
  );
