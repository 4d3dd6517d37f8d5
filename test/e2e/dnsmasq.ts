import { Resolver } from 'node:dns/promises';
import { userInfo } from 'node:os';
import { startPeer } from '../../local/child-process.ts';
import { freePort } from '../../local/free-ports.ts';

export interface NameServer extends AsyncDisposable {
  /** `127.0.0.1:5353`, as TRUNKLINE_DNS takes it. */
  readonly address: string;
}

export interface SrvRecord {
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** A dnsmasq that knows the SIP servers of these names over UDP, all of them on this machine, and nothing else. */
export async function startNameServer(
  names: Readonly<Record<string, readonly SrvRecord[]>>,
): Promise<NameServer> {
  const port = await freePort();
  const records = Object.entries(names).flatMap(([name, servers]) => [
    `--host-record=here.${name},127.0.0.1,5`,
    ...servers.map(
      ({ port, priority, weight }) =>
        `--srv-host=_sip._udp.${name},here.${name},${port},${priority},${weight}`,
    ),
  ]);
  const own = ['--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--pid-file', '--log-facility=-'];
  const listen = [`--port=${port}`, '--listen-address=127.0.0.1', '--bind-interfaces', '--local=/test/'];
  const args = ['--keep-in-foreground', `--user=${userInfo().username}`, ...own, ...listen, ...records];
  const peer = await startPeer('dnsmasq', args, { package: 'dnsmasq-base' });
  const address = `127.0.0.1:${port}`;
  await answers(address, Object.keys(names)[0] ?? '', () => peer.tail());
  return { address, [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose]() };
}

async function answers(address: string, name: string, tail: () => string): Promise<void> {
  const resolver = new Resolver({ timeout: 250, tries: 1 });
  resolver.setServers([address]);
  for (const until = Date.now() + 10_000; Date.now() < until; ) {
    if (await resolver.resolve4(`here.${name}`).catch(() => undefined)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`dnsmasq does not answer; it said:\n${tail()}`);
}
