import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs that a call needs, and the Debian package of each. */
const forCalls = {
  rtpengine: 'rtpengine-daemon',
  sipp: 'sip-tester',
  sox: 'sox',
  'espeak-ng': 'espeak-ng',
};
/** Those that tests and benches start besides: a carrier, a softphone, a DNS server. */
const forTests = { kamailio: 'kamailio', baresip: 'baresip-core', dnsmasq: 'dnsmasq-base' };

const installed = (program) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

const missingOf = (programs) => Object.keys(programs).filter((program) => !installed(program));

/** Debian or one of its children, by os-release(5). */
const isDebianLike = (file) =>
  existsSync(file) && /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync(file, 'utf8'));

/**
 * One shell for all, so that one sudo is enough and an interrupt still cleans up. We start our own rtpengine with our own
 * settings: the package must not start one beside it. Exit status 101 of policy-rc.d forbids every start (invoke-rc.d(8));
 * a policy that the machine has already is its owner's, and stays. $0 is its path.
 */
const INSTALL = `
if [ ! -e "$0" ]; then
  trap 'rm -f "$0"' EXIT
  trap 'exit 130' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' >"$0"
  chmod 755 "$0"
fi
apt-get update -q
apt-get install -q -y --no-install-recommends "$@"
`;

/**
 * Installs what is missing for calls, and for tests where asked. The paths are those of the system; tests have their own.
 * @throws Error that says exactly what to install, where we cannot.
 */
export function installSystemPackages({
  tests = false,
  osRelease = '/etc/os-release',
  policy = '/usr/sbin/policy-rc.d',
} = {}) {
  const programs = tests ? { ...forCalls, ...forTests } : forCalls;
  const missing = missingOf(programs);
  if (missing.length === 0) return;
  const packages = missing.map((program) => programs[program]);
  const byHand = `Missing on this machine: ${missing.join(', ')}.\nOn Debian or Ubuntu: sudo apt-get install --no-install-recommends ${packages.join(' ')}`;
  if (!isDebianLike(osRelease))
    throw new Error(
      `${byHand}\nElsewhere, install these programs so that they are on the PATH; rtpengine needs Linux, so on macOS and Windows use a container or virtual machine of Debian.`,
    );
  const root = process.getuid?.() === 0;
  if (!root && !installed('sudo'))
    throw new Error(`${byHand}\n(This user is not root, and there is no sudo.)`);
  process.stderr.write(`installing ${packages.join(', ')} …\n`);
  const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'sh', '-c', INSTALL, policy, ...packages];
  const [program, ...args] = root ? command : ['sudo', '-n', ...command];
  if (spawnSync(program, args, { stdio: ['ignore', 2, 2] }).status !== 0)
    throw new Error(`apt-get could not install them: its message is above.\n${byHand}`);
  const still = missingOf(programs);
  if (still.length > 0) throw new Error(`installed, but not on the PATH: ${still.join(', ')}`);
}
