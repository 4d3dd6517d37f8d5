#!/usr/bin/env node
/**
 * First step of every npm script: plain Node and nothing else, because on a fresh machine there is nothing else. Installs
 * what is missing, then hands over. Everything it says goes to stderr; stdout belongs to the verb.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { installNpmPackages } from './bootstrap/npm-packages.mjs';
import { installSystemPackages } from './bootstrap/system-packages.mjs';
import { runTests } from './bootstrap/tests.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = (...args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;

const verbs = {
  setup: () => 0,
  demo: (args) => node('bin/trunkline.mjs', 'demo', ...args),
  test: (args) => runTests(root, args),
  bench: (args) => node('--import', 'tsx', 'bench/bench.ts', ...args),
  'bench:commands': (args) => node('--import', 'tsx', 'bench/commands.ts', ...args),
  'bench:cost': (args) => node('--import', 'tsx', 'bench/cost.ts', ...args),
  'bench:digits': (args) => node('--import', 'tsx', 'bench/digits.ts', ...args),
  'bench:failover': (args) => node('--import', 'tsx', 'bench/failover.ts', ...args),
  'bench:gateway': (args) => node('--import', 'tsx', 'bench/gateway/bench.ts', ...args),
  'bench:reinvite': (args) => node('--import', 'tsx', 'bench/reinvite.ts', ...args),
  'bench:sip': (args) => node('--import', 'tsx', 'bench/sip-server/bench.ts', ...args),
  fuzz: (args) => node('--import', 'tsx', 'test/local/sip/fuzz/fuzz.ts', ...args),
};

// Debian keeps daemons, Kamailio among them, where the PATH of a user does not look.
process.env.PATH = `${process.env.PATH ?? ''}:/usr/sbin`;

const [verb = '', ...args] = process.argv.slice(2);
if (!Object.hasOwn(verbs, verb)) {
  process.stderr.write(`usage: node bin/run.mjs ${Object.keys(verbs).join('|')} [arguments]\n`);
  process.exit(2);
}
try {
  installNpmPackages(root);
  // `setup` prepares for all, so that tests need no network afterwards.
  installSystemPackages({ tests: verb !== 'demo' });
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : error}\n`);
  process.exit(2);
}
process.exit(verbs[verb](args));
