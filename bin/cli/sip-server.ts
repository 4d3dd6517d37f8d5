import type { Command } from 'commander';
import pino from 'pino';
import { startSipServer } from '../../local/sip/sip-server.ts';
import { Failure } from './failure.ts';
import { untilStopped } from './until-stopped.ts';

interface Options {
  readonly contact: string[];
  readonly admin: string;
  readonly secret?: string;
  readonly json?: boolean;
}

export function addSipServer(trunkline: Command): void {
  trunkline
    .command('sip-server')
    .description("the SIP server alone: drachtio's application protocol, for drachtio-srf applications")
    .option('--contact <uri...>', 'where to take SIP; port 0 is any', [
      'sip:127.0.0.1:5060;transport=udp,tcp',
    ])
    .option('--admin <host:port>', 'where applications connect', '127.0.0.1:9022')
    .option('--secret <secret>', 'what applications must know; better given as SIP_SERVER_SECRET')
    .option('--json', 'print the addresses as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ SIP_SERVER_SECRET=… npx trunkline sip-server --contact "sip:127.0.0.1:5060;transport=udp,tcp"',
    )
    .action(async (options: Options) => {
      const secret = options.secret ?? process.env['SIP_SERVER_SECRET'];
      if (!secret)
        throw new Failure(
          '--secret or SIP_SERVER_SECRET is missing: applications prove themselves with it',
          2,
        );
      const [, host, port] = /^(.+):(\d+)$/.exec(options.admin) ?? [];
      if (!host || !port) throw new Failure(`--admin "${options.admin}" must be HOST:PORT`, 2);
      const logger = pino({ level: process.env['LOG_LEVEL'] ?? 'warn' }, pino.destination(2));
      await using server = await startSipServer({
        admin: { host, port: Number(port), secret },
        contacts: options.contact,
        logger,
      });
      const addresses = { admin: server.admin, contacts: server.contacts };
      if (options.json) process.stdout.write(`${JSON.stringify(addresses)}\n`);
      else {
        for (const { transport, host: at, port: on } of server.contacts)
          process.stdout.write(`SIP ${transport} ${at}:${on}\n`);
        process.stdout.write(`applications ${server.admin.host}:${server.admin.port}\n`);
      }
      await untilStopped();
    });
}
