import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { findProgram, type Peer, startPeer } from '../child-process.ts';
import { freePort } from '../free-ports.ts';
import { startSipServer as startEmbedded } from '../sip/sip-server.ts';
import { type SipTls, writeDrachtioConfig } from './drachtio-config.ts';

export interface SipServerHandle extends AsyncDisposable {
  /** Ours, a drachtio-server that we started, or one that runs already. */
  readonly kind: 'embedded' | 'drachtio' | 'given';
  readonly admin: { readonly host: string; readonly port: number; readonly secret: string };
  /** UDP and TCP. */
  readonly sip: { readonly host: string; readonly port: number };
  /** Where there is a certificate. */
  readonly tls?: { readonly host: string; readonly port: number };
}

export interface SipServerChoice {
  /** 'auto': DRACHTIO_URL, else `drachtio` from DRACHTIO_BIN or the PATH, else our own. */
  readonly use?: 'auto' | 'embedded';
  /** 0, the default, lets the system choose. */
  readonly sipPort?: number;
  /** With a certificate there is TLS, too; port 0 or none lets the system choose. A server that runs already has its own. */
  readonly tls?: SipTls & { readonly port?: number };
  readonly logger?: Logger;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const host = '127.0.0.1';
const READY_MS = 10_000;

export async function chooseSipServer(choice: SipServerChoice = {}): Promise<SipServerHandle> {
  const env = choice.env ?? process.env;
  if (choice.use !== 'embedded') {
    if (env['DRACHTIO_URL']) return givenServer(env['DRACHTIO_URL'], env['DRACHTIO_SIP'] ?? `${host}:5060`);
    const named = env['DRACHTIO_BIN'];
    const binary = await findProgram(named || 'drachtio', env['PATH'] ?? '');
    if (binary) return startDrachtio(binary, choice);
    if (named) throw new Error(`DRACHTIO_BIN is ${named}, which is not a program that can be run`);
  }
  return embeddedServer(choice);
}

async function embeddedServer({ sipPort = 0, tls, logger }: SipServerChoice): Promise<SipServerHandle> {
  const secret = randomBytes(16).toString('hex');
  const server = await startEmbedded({
    admin: { host, port: 0, secret },
    contacts: [
      `sip:${host}:${sipPort};transport=udp,tcp`,
      ...(tls ? [`sips:${host}:${tls.port ?? 0};transport=tls`] : []),
    ],
    ...(tls ? { tls } : {}),
    ...(logger ? { logger } : {}),
  });
  const [contact] = server.contacts;
  if (!contact) throw new Error('the SIP server has no contact');
  const secure = server.contacts.find(({ transport }) => transport === 'tls');
  return {
    kind: 'embedded',
    admin: { host, port: server.admin.port, secret },
    sip: { host, port: contact.port },
    ...(secure ? { tls: { host, port: secure.port } } : {}),
    [Symbol.asyncDispose]: () => Promise.resolve(server[Symbol.asyncDispose]()),
  };
}

/** `drachtio://SECRET@HOST:PORT`, and where it takes SIP in DRACHTIO_SIP. */
function givenServer(url: string, sip: string): SipServerHandle {
  const { username, hostname, port } = new URL(url);
  if (!username) throw new Error('DRACHTIO_URL must be drachtio://SECRET@HOST:PORT');
  const [sipHost = host, sipPort = '5060'] = sip.split(':');
  return {
    kind: 'given',
    admin: { host: hostname, port: Number(port || 9022), secret: decodeURIComponent(username) },
    sip: { host: sipHost, port: Number(sipPort) },
    [Symbol.asyncDispose]: async () => {},
  };
}

async function startDrachtio(binary: string, choice: SipServerChoice): Promise<SipServerHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-drachtio-'));
  const forget = () => rm(folder, { recursive: true, force: true });
  try {
    const secret = randomBytes(16).toString('hex');
    const admin = { host, port: await freePort(), secret };
    const sip = { host, port: choice.sipPort || (await freePort()) };
    const tls = choice.tls && { ...choice.tls, host, port: choice.tls.port || (await freePort()) };
    const file = await writeDrachtioConfig(folder, { admin, sip, tls });
    const peer = await startPeer(binary, ['-f', file], {
      ...(choice.logger ? { logger: choice.logger } : {}),
      ...(tls?.clients ? { env: { DRACHTIO_TLS_VERIFY_CLIENT_CERT: '1' } } : {}),
      package: 'drachtio-server',
    });
    const dispose = () => peer[Symbol.asyncDispose]().then(forget);
    if (await answersWithContacts(admin, peer, tls ? ['udp/', 'tls/'] : ['udp/'])) {
      const secure = tls ? { tls: { host, port: tls.port } } : {};
      return { kind: 'drachtio', admin, sip, ...secure, [Symbol.asyncDispose]: dispose };
    }
    await peer[Symbol.asyncDispose]();
    throw new Error(`${binary} does not start; it said:\n${peer.tail()}`);
  } catch (error) {
    await forget();
    throw error;
  }
}

/** The admin port opens before the SIP ports do: it is ready when an authenticated hello lists all of them. */
async function answersWithContacts(
  admin: SipServerHandle['admin'],
  peer: Peer,
  contacts: readonly string[],
): Promise<boolean> {
  let over = false;
  void peer.ended.then(() => {
    over = true;
  });
  const until = Date.now() + READY_MS;
  while (!over && Date.now() < until) {
    const reply = await hello(admin);
    if (contacts.every((contact) => reply.includes(contact))) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

function hello({ host: to, port, secret }: SipServerHandle['admin']): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, to);
    const finish = (reply: string) => {
      socket.destroy();
      resolve(reply);
    };
    const message = `hello|authenticate|${secret}|`;
    socket.setTimeout(500, () => finish(''));
    socket.once('error', () => finish(''));
    socket.once('connect', () => socket.write(`${Buffer.byteLength(message)}#${message}`));
    socket.once('data', (data) => finish(data.toString('utf8')));
  });
}
