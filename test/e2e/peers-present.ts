import { spawnSync } from 'node:child_process';

/** What the end-to-end tests talk to, with the Debian package that has it. */
const peers = {
  sipp: 'sip-tester',
  rtpengine: 'rtpengine-daemon',
  sox: 'sox',
  'espeak-ng': 'espeak-ng',
  kamailio: 'kamailio',
  dnsmasq: 'dnsmasq-base',
} as const;

/** A missing peer fails the run: a skipped test would look like one that passed. */
export function setup(): void {
  const missing = Object.entries(peers).filter(
    ([command]) => spawnSync(command, ['--version'], { stdio: 'ignore', timeout: 10_000 }).error,
  );
  if (missing.length === 0) return;
  const commands = missing.map(([command]) => command).join(', ');
  const packages = missing.map(([, name]) => name).join(' ');
  throw new Error(`end-to-end tests need ${commands} in the PATH: apt-get install ${packages}`);
}
