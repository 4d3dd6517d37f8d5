import { isIP } from 'node:net';
import type { Command } from 'commander';
import pino from 'pino';
import { type SipServer, startSipServer } from '../../local/sip/sip-server.ts';
import { Failure } from './failure.ts';
import { pem } from './pem-file.ts';
import { untilStopped } from './until-stopped.ts';

interface Options {
  readonly contact: string[];
  readonly admin: string;
  readonly adminTls?: string;
  readonly secret?: string;
  readonly tlsCertFile?: string;
  readonly tlsKeyFile?: string;
  readonly tlsCaFile?: string;
  readonly tlsVerify: boolean;
  readonly tlsRequireClientCert?: boolean;
  readonly dns?: string[];
  readonly json?: boolean;
}

const help = `
Contacts:
  sip:127.0.0.1:5060;transport=udp,tcp   UDP and TCP on one port
  sips:127.0.0.1:5061;transport=tls      TLS; sip: does as well
  sip:[::1]:5066;transport=ws            WebSocket (RFC 7118); wss with TLS
  sip:*:5060                             every IPv4 address of this machine; [::] every IPv6 one
A certificate is made when no --tls-cert-file is given; nobody trusts it by itself.

Example:
  $ SIP_SERVER_SECRET=… npx trunkline sip-server --contact "sip:127.0.0.1:5060;transport=udp,tcp" \\
      --contact "sips:127.0.0.1:5061;transport=tls" --contact "sip:127.0.0.1:5066;transport=ws"`;

export function addSipServer(trunkline: Command): void {
  trunkline
    .command('sip-server')
    .description("the SIP server alone: drachtio's application protocol, for drachtio-srf applications")
    .option('--contact <uri...>', 'where to take SIP; port 0 is any', [
      'sip:127.0.0.1:5060;transport=udp,tcp',
    ])
    .option('--admin <host:port>', 'where applications connect', '127.0.0.1:9022')
    .option('--admin-tls <host:port>', 'where applications connect over TLS, besides')
    .option('--secret <secret>', 'what applications must know; better given as SIP_SERVER_SECRET')
    .option(
      '--tls-cert-file <file>',
      'PEM certificate for tls, wss and --admin-tls, with its chain behind it',
    )
    .option('--tls-key-file <file>', 'its PEM private key')
    .option(
      '--tls-ca-file <file>',
      "PEM authorities for peers' certificates, in place of the well-known ones",
    )
    .option('--no-tls-verify', 'connect to peers whose certificate cannot be checked')
    .option(
      '--tls-require-client-cert',
      'take TLS and WSS only from peers with a certificate of --tls-ca-file (mutual TLS)',
    )
    .option('--dns <host:port...>', "DNS servers to ask instead of this machine's, as 127.0.0.1:5353")
    .option('--json', 'print the addresses as JSON')
    .addHelpText('after', help)
    .action(run);
}

async function run(options: Options): Promise<void> {
  const secret = options.secret ?? process.env['SIP_SERVER_SECRET'];
  if (!secret)
    throw new Failure('--secret or SIP_SERVER_SECRET is missing: applications prove themselves with it', 2);
  const adminTls =
    options.adminTls === undefined ? {} : { adminTls: address('--admin-tls', options.adminTls) };
  const admin = { ...address('--admin', options.admin), secret };
  const tls = {
    cert: await pem('--tls-cert-file', options.tlsCertFile),
    key: await pem('--tls-key-file', options.tlsKeyFile),
    ca: await pem('--tls-ca-file', options.tlsCaFile),
    verify: options.tlsVerify,
    clients: options.tlsRequireClientCert,
  };
  if (options.tlsRequireClientCert && options.tlsCaFile === undefined)
    throw new Failure('--tls-require-client-cert needs --tls-ca-file: who vouches for the peers?', 2);
  for (const server of options.dns ?? []) dnsServer(server);
  const dns = options.dns === undefined ? {} : { dns: options.dns };
  const logger = pino({ level: process.env['LOG_LEVEL'] ?? 'warn' }, pino.destination(2));
  const starting = startSipServer({ admin, ...adminTls, ...dns, contacts: options.contact, tls, logger });
  await using server = await starting.catch((cause: Error) => {
    throw new Failure(cause.message, 2); // what is wrong with a contact, an address or a certificate
  });
  print(server, options.json ?? false);
  await untilStopped();
}

function address(option: string, value: string): { host: string; port: number } {
  const [, host, port] = /^\[?([^[\]]+)\]?:(\d+)$/.exec(value) ?? [];
  if (!host || !port || Number(port) > 65_535)
    throw new Failure(`${option} '${value}' must be HOST:PORT, as 127.0.0.1:9022`, 2);
  return { host, port: Number(port) };
}

function dnsServer(value: string): void {
  const [, v6, v6Port, v4 = '', v4Port] = /^\[([^\]]+)\](?::(\d+))?$|^([^:]+)(?::(\d+))?$/.exec(value) ?? [];
  if (isIP(v6 ?? v4) === 0 || Number(v6Port ?? v4Port ?? 53) > 65_535)
    throw new Failure(`--dns '${value}' must be an address, as 192.0.2.53 or 127.0.0.1:5353`, 2);
}

function print({ admin, adminTls, contacts }: SipServer, json: boolean): void {
  const lines = [
    ...contacts.map(({ transport, host, port }) => `SIP ${transport} ${host}:${port}`),
    `applications ${admin.host}:${admin.port}`,
    ...(adminTls ? [`applications tls ${adminTls.host}:${adminTls.port}`] : []),
  ];
  process.stdout.write(json ? `${JSON.stringify({ admin, adminTls, contacts })}\n` : `${lines.join('\n')}\n`);
}
