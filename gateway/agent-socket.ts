import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { WebSocket } from 'ws';
import type { AgentFault } from '../contracts/agent-media/session.ts';

/** Why an agent was not reached. */
export class AgentFailure extends Error {
  readonly fault: AgentFault;
  constructor(fault: AgentFault, message: string) {
    super(message);
    this.name = 'AgentFailure';
    this.fault = fault;
  }
}

export interface Handshake {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly subprotocol: string | undefined;
  readonly connectMs: number;
  /** Agents on loopback and in private networks may be called. */
  readonly allowPrivate: boolean;
  /** PEM authorities in place of the well-known ones. */
  readonly ca: string | undefined;
  /** PEM texts, for an agent that asks for them. */
  readonly clientCertificate: { readonly cert: string; readonly key: string } | undefined;
  /** Every address of a name; that of the system without it. */
  readonly resolve?: (host: string) => Promise<readonly { readonly address: string }[]>;
}

/** A message of an agent is no longer: some minutes of audio. */
const MAX_MESSAGE = 2 * 1024 * 1024;

/** Opens the socket. Redirects are not followed, and the address that was checked is the one that is called. @throws AgentFailure */
export async function openAgentSocket(handshake: Handshake): Promise<WebSocket> {
  const { url, headers, subprotocol, connectMs, ca, clientCertificate } = handshake;
  const deadline = AbortSignal.timeout(connectMs);
  const address = await addressOf(new URL(url).hostname.replace(/^\[|\]$/g, ''), handshake, deadline);
  const socket = new WebSocket(url, subprotocol === undefined ? [] : [subprotocol], {
    headers: { ...headers },
    followRedirects: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE,
    lookup: (_host, options, done) => {
      const family = isIP(address);
      // Node asks for all addresses where it would try one after the other.
      if (options.all) (done as unknown as (error: null, all: object[]) => void)(null, [{ address, family }]);
      else done(null, address, family);
    },
    ...(ca === undefined ? {} : { ca }),
    ...clientCertificate,
  });
  try {
    await opened(socket, deadline, handshake);
    return socket;
  } catch (error) {
    // Its own error comes later still, and is told already.
    socket.on('error', () => {});
    socket.terminate();
    throw error;
  }
}

async function addressOf(
  host: string,
  { allowPrivate, resolve }: Handshake,
  deadline: AbortSignal,
): Promise<string> {
  const found = isIP(host)
    ? [{ address: host }]
    : await Promise.race([lookedUp(host, resolve), late(deadline)]);
  const [first] = found;
  if (!first) throw new AgentFailure('unreachable', `${host} has no address`);
  const inside = allowPrivate
    ? undefined
    : found.find(({ address }) => ipaddr.process(address).range() !== 'unicast');
  if (inside) {
    const message = `${host} leads to ${inside.address}, which is not public: give the agent a public address`;
    throw new AgentFailure('private-address', message);
  }
  return first.address;
}

async function lookedUp(
  host: string,
  resolve: NonNullable<Handshake['resolve']> = (name) => lookup(name, { all: true }),
): Promise<readonly { readonly address: string }[]> {
  try {
    return await resolve(host);
  } catch (error) {
    throw new AgentFailure('unreachable', `${host} is not found: ${(error as NodeJS.ErrnoException).code}`);
  }
}

const late = (deadline: AbortSignal) =>
  new Promise<never>((_, reject) => {
    const fail = () =>
      reject(new AgentFailure('connect-timeout', 'the name of the agent was not found in time'));
    if (deadline.aborted) fail();
    deadline.addEventListener('abort', fail, { once: true });
  });

const opened = (socket: WebSocket, deadline: AbortSignal, { connectMs, subprotocol }: Handshake) =>
  new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', (error) => reject(failureOf(error, subprotocol)));
    socket.once('unexpected-response', (_request, { statusCode = 0 }) => {
      const isRedirect = statusCode >= 300 && statusCode < 400;
      const message = isRedirect
        ? `the agent redirects (${statusCode}), which is not followed: give the URL that it leads to`
        : `the agent answered the handshake with ${statusCode}`;
      reject(new AgentFailure(isRedirect ? 'redirected' : 'refused', message));
    });
    const isLate = () =>
      reject(new AgentFailure('connect-timeout', `the agent did not answer within ${connectMs} ms`));
    if (deadline.aborted) isLate();
    deadline.addEventListener('abort', isLate, { once: true });
  });

function failureOf(error: Error & { code?: string }, subprotocol: string | undefined): AgentFailure {
  if (/^Server sent .*\bsubprotocol\b/.test(error.message)) {
    const asked = subprotocol === undefined ? 'no subprotocol' : `the subprotocol ${subprotocol}`;
    const message = `the agent must answer the handshake with ${asked} (Sec-WebSocket-Protocol): ${error.message}`;
    return new AgentFailure('refused', message);
  }
  const isCertificate = /^(CERT_|ERR_TLS_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(error.code ?? '');
  return new AgentFailure(isCertificate ? 'certificate' : 'unreachable', error.message.slice(0, 256));
}
