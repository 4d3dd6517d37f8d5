import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Logger, pino } from 'pino';
import { AppConnection } from './app/app-connection.ts';
import { commandFromApp } from './core/command-from-app.ts';
import { abandon, type Engine, newEngine } from './core/engine.ts';
import { answerFor } from './core/give-request.ts';
import { receive } from './core/receive.ts';
import { Locator } from './locate/locator.ts';
import { dnsNames } from './locate/names.ts';
import { type SipTimers, sipTimers } from './transaction/timers.ts';
import type { Arrival, Protocol } from './transport/flow.ts';
import type { StreamLimits } from './transport/stream-limits.ts';
import type { TlsSettings } from './transport/tls-identity.ts';
import { startTransports } from './transport/transports.ts';

export interface SipServerOptions {
  /** where applications connect; port 0 means any free one */
  readonly admin: { readonly host: string; readonly port: number; readonly secret: string };
  /** `sip:127.0.0.1:5060;transport=udp,tcp`; port 0 means any free one, the same for UDP and TCP */
  readonly contacts: readonly string[];
  /** for TLS and WSS */
  readonly tls?: TlsSettings;
  /** what one peer may cost on TCP, TLS and WebSockets */
  readonly limits?: Partial<StreamLimits>;
  /** DNS servers to ask, `192.0.2.53` or `192.0.2.53:5353`; those of this machine where not given */
  readonly dns?: readonly string[];
  /** milliseconds; RFC 3261's own where not given */
  readonly timers?: Partial<SipTimers>;
  readonly logger?: Logger;
}

export interface SipServerStats {
  readonly apps: number;
  readonly dialogs: number;
  readonly serverTransactions: number;
  readonly clientTransactions: number;
  /** requests an application has not answered */
  readonly unanswered: number;
  /** INVITEs of applications without a final response */
  readonly inviting: number;
  /** requests passed on whose targets have not all ended */
  readonly proxying: number;
  readonly tcpConnections: number;
}

export interface SipServer extends AsyncDisposable {
  readonly admin: { readonly host: string; readonly port: number };
  readonly contacts: readonly {
    readonly host: string;
    readonly port: number;
    readonly transport: Protocol;
  }[];
  stats(): SipServerStats;
}

/**
 * A SIP server (RFC 3261) whose calls are handled by applications that speak drachtio-server's protocol, as drachtio-srf
 * does. Throws when an address cannot be listened on.
 */
export async function startSipServer(options: SipServerOptions): Promise<SipServer> {
  const log = options.logger ?? pino({ level: 'silent' });
  const timers = sipTimers(options.timers);
  const hear = (text: string, arrival: Arrival) => guarded(log, () => receive(engine, text, arrival));
  const transports = await startTransports({ ...options, patience: timers.t1x64 }, hear);
  const locator = new Locator(dnsNames(options.dns));
  const engine = newEngine({ transports, timers, locator, log });
  const admin = await listenForApps(engine, options.admin).catch(async (cause) => {
    await transports[Symbol.asyncDispose]();
    throw cause;
  });
  return {
    admin: admin.address,
    contacts: transports.listeners.map(({ host, port, protocol }) => ({ host, port, transport: protocol })),
    stats: () => stats(engine),
    async [Symbol.asyncDispose]() {
      abandon(engine);
      await Promise.all([admin[Symbol.asyncDispose](), transports[Symbol.asyncDispose]()]);
    },
  };
}

/** What comes from outside may find a fault of ours: it costs that message, never the other calls. */
function guarded(log: Logger, act: () => void): void {
  try {
    act();
  } catch (error) {
    log.error({ err: error }, 'a message could not be handled');
  }
}

async function listenForApps(engine: Engine, { host, port, secret }: SipServerOptions['admin']) {
  const server = createServer((socket) => {
    const command = (from: AppConnection, payload: string) =>
      guarded(engine.log, () => commandFromApp(engine, secret, from, payload));
    engine.apps.add(new AppConnection(socket, command, (gone, why) => forget(engine, gone, why)));
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error(`admin ${host}:${port} has no port`);
  return {
    address: { host, port: address.port },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      for (const app of engine.apps.all()) app.destroy();
      await closed;
    },
  };
}

/** Its dialogs stay, orphaned, until their peers end them; what it has not answered is answered for it. */
function forget(engine: Engine, app: AppConnection, why: Error | undefined): void {
  engine.log.info({ err: why }, 'an application has disconnected');
  engine.apps.remove(app);
  for (const request of engine.received.values()) {
    if (request.owner === app) answerFor(engine, request, 503, 'Service Unavailable');
  }
}

const stats = (engine: Engine): SipServerStats => ({
  apps: engine.apps.size,
  dialogs: engine.dialogs.size,
  serverTransactions: engine.servers.size,
  clientTransactions: engine.clients.size,
  unanswered: engine.received.size,
  inviting: engine.inviting.size,
  proxying: engine.proxying.size,
  tcpConnections: engine.transports.connections(),
});
