import { once } from 'node:events';
import type { Logger } from 'pino';
import { passIn } from '../registrar/handover.ts';
import type { SipHandlers, SipLink } from '../sip.ts';
import { discard } from './discard.ts';
import { wrapInvite } from './incoming.ts';
import { dial } from './outgoing.ts';
import { wrapRegister } from './register.ts';
import { sendRequest } from './requests.ts';
import { createSrf, type SrfApp, type SrfHandler, type SrfResponse } from './srf.ts';

export interface SipServerAddress {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** The admin connection is our lifeline: a server that stops answering pings is gone, and is sought again quickly. */
const connection = { enablePing: true, pingInterval: 15_000, reconnect: { retryMaxDelay: 2_000 } };

/** Connects to the SIP server and routes its requests to the handlers. Rejects if it refuses the secret or is not there. */
export async function connectSipServer(
  address: SipServerAddress,
  handlers: SipHandlers,
  logger: Logger,
): Promise<SipLink> {
  const srf = createSrf();
  let down = new AbortController();
  let contacts: readonly string[] = [];
  let connected = false;
  let closing = false;

  srf.on('connect', (error: Error | null, hostPorts: string) => {
    if (error) return;
    connected = true;
    down = new AbortController();
    contacts = hostPorts.split(',').filter(Boolean);
  });
  srf.on('error', (error: Error) => logger.warn({ error: error.message }, 'SIP server connection failed'));
  srf.on('close', () => {
    if (!connected) return;
    connected = false;
    down.abort();
    if (closing) return;
    logger.error('the SIP server went away: every call on it is lost');
    handlers.onLinkDown();
  });
  routeRequests(srf, handlers, () => down.signal);
  srf.connect({ ...address, ...connection });
  await connectedWithin(srf, address);

  return {
    get contacts() {
      return contacts;
    },
    connected: () => connected,
    dialogs: () => srf._dialogs.size,
    dial: (request) => dial(srf, request, down.signal),
    request: (request) => sendRequest(srf, request),
    async [Symbol.asyncDispose]() {
      closing = true;
      down.abort();
      if (connected) {
        const closed = once(srf as never, 'close');
        srf.disconnect();
        await closed;
      }
    },
  };
}

/** Methods outside a dialog that we know and do not take. */
const unwanted = ['subscribe', 'message', 'publish', 'notify', 'refer'] as const;
const allow = 'INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, INFO, PRACK, UPDATE, REFER, NOTIFY';

function routeRequests(srf: SrfApp, handlers: SipHandlers, down: () => AbortSignal): void {
  const screened = (handle: SrfHandler) => screenedBy(handlers, handle);
  srf.invite(
    screened((request, response) => {
      try {
        handlers.onInvite(wrapInvite(srf, request, response, down()));
      } catch (error) {
        handlers.onMalformed(refuseMalformed(response, error));
      }
    }),
  );
  srf.options(
    screened((_request, response) => {
      const { status, headers } = handlers.onOptions();
      response.send(status, { headers: { ...headers } });
    }),
  );
  srf.register(screened((request, response) => handlers.onRegister(wrapRegister(request, response, down()))));
  for (const method of unwanted)
    srf[method](screened((_request, response) => response.send(405, { headers: { Allow: allow } })));
}

/** Nothing of ours sees a request before the screen has let it pass. */
function screenedBy(handlers: SipHandlers, handle: SrfHandler): SrfHandler {
  return (request, response) => {
    const { source_address: address, method = '' } = request;
    const pass = passIn((name) => request.get(name));
    const screening = handlers.screen({ method, address, userAgent: request.get('user-agent'), pass });
    if (screening === 'pass') handle(request, response);
    else if (screening === 'forbid') response.send(403);
    else discard(request);
  };
}

/** What was wrong. */
function refuseMalformed(response: SrfResponse, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (!response.finalResponseSent)
    response.send(400, { headers: { Warning: `399 trunkline "${quotable(message)}"` } });
  return message;
}

const quotable = (text: string) => text.replace(/[^\x20-\x7e]|["\\]/g, ' ').slice(0, 120);

function connectedWithin(srf: SrfApp, { host, port }: SipServerAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      srf.disconnect();
      reject(
        new Error(
          `no SIP server answered at ${host}:${port} within ${CONNECT_TIMEOUT_MS} ms: is it running?`,
        ),
      );
    }, CONNECT_TIMEOUT_MS);
    srf.once('connect', (error: Error | null) => {
      clearTimeout(late);
      if (error)
        reject(
          new Error(`the SIP server at ${host}:${port} refused us: check DRACHTIO_SECRET`, { cause: error }),
        );
      else resolve();
    });
  });
}
