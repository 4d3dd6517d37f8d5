import { type Logger, pino } from 'pino';
import { abandon, type Engine, newEngine } from './core/engine.ts';
import { receive } from './core/receive.ts';
import { type AdminAddress, guarded, listenForApps } from './listen-for-apps.ts';
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
  /** where applications connect over TLS, with the same secret */
  readonly adminTls?: AdminAddress;
  /** for TLS and WSS, and for applications over TLS */
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
  readonly admin: AdminAddress;
  readonly adminTls: AdminAddress | undefined;
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
  const running: AsyncDisposable[] = [transports];
  const stop = async () => void (await Promise.all(running.map((one) => one[Symbol.asyncDispose]())));
  const listen = async (at: AdminAddress, tls?: TlsSettings) => {
    const listener = await listenForApps(engine, at, options.admin.secret, tls, options.limits?.handshake);
    running.push(listener);
    return listener.address;
  };
  try {
    const admin = await listen(options.admin);
    const adminTls = options.adminTls && (await listen(options.adminTls, options.tls ?? {}));
    return serverOf(engine, admin, adminTls, stop);
  } catch (cause) {
    await stop();
    throw cause;
  }
}

function serverOf(
  engine: Engine,
  admin: AdminAddress,
  adminTls: AdminAddress | undefined,
  stop: () => Promise<void>,
): SipServer {
  return {
    admin,
    adminTls,
    contacts: engine.transports.listeners.map(({ host, port, protocol }) => ({
      host,
      port,
      transport: protocol,
    })),
    stats: () => stats(engine),
    async [Symbol.asyncDispose]() {
      abandon(engine);
      await stop();
    },
  };
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
