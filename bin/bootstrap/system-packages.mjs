import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs that calls, tests and benches start, and the Debian package of each. */
const programs = {
  rtpengine: 'rtpengine-daemon',
  sipp: 'sip-tester',
  sox: 'sox',
  'espeak-ng': 'espeak-ng',
};

const installed = (program) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

const missingPrograms = () => Object.keys(programs).filter((program) => !installed(program));

/** Debian or one of its children, by os-release(5). */
function isDebianLike() {
  if (!existsSync('/etc/os-release')) return false;
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
}

/** Installs what is missing. @throws Error that says exactly what to install, where we cannot. */
export function installSystemPackages() {
  const missing = missingPrograms();
  if (missing.length === 0) return;
  const packages = missing.map((program) => programs[program]);
  const byHand = `Missing on this machine: ${missing.join(', ')}.\nOn Debian or Ubuntu: sudo apt-get install --no-install-recommends ${packages.join(' ')}`;
  if (!isDebianLike())
    throw new Error(`${byHand}\nElsewhere, install these programs so that they are on the PATH.`);
  const root = process.getuid?.() === 0;
  if (!root && !installed('sudo'))
    throw new Error(`${byHand}\n(This user is not root, and there is no sudo.)`);
  process.stderr.write(`installing ${packages.join(', ')} …\n`);
  const run = (...command) => {
    const [program, ...args] = root
      ? command
      : ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive', ...command];
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    return spawnSync(program, args, { env, stdio: ['ignore', 2, 2] }).status === 0;
  };
  const restore = root ? keepDaemonsDown() : () => {};
  try {
    run('apt-get', 'update', '-q');
    if (!run('apt-get', 'install', '-q', '-y', '--no-install-recommends', ...packages)) {
      throw new Error(`apt-get could not install them: its message is above.\n${byHand}`);
    }
  } finally {
    restore();
  }
  const still = missingPrograms();
  if (still.length > 0) throw new Error(`installed, but not on the PATH: ${still.join(', ')}`);
}

/**
 * We start our own rtpengine with our own settings: the package must not start one beside it.
 * invoke-rc.d(8): exit status 101 of policy-rc.d forbids every start.
 */
function keepDaemonsDown() {
  const file = '/usr/sbin/policy-rc.d';
  if (existsSync(file)) return () => {};
  writeFileSync(file, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return () => rmSync(file, { force: true });
}
