import { startSipServer } from '../../local/sip/sip-server.ts';

/* Ours, alone in a process: its CPU time and memory are the server's and nobody else's. */
const server = await startSipServer({
  admin: { host: '127.0.0.1', port: 0, secret: process.env['SIP_SERVER_SECRET'] ?? '' },
  contacts: process.argv.slice(2),
});
process.stdout.write(`${JSON.stringify({ admin: server.admin.port, sip: server.contacts[0]?.port })}\n`);
process.once('SIGTERM', async () => {
  await server[Symbol.asyncDispose]();
  process.exit(0); // a CPU profile is written here
});
