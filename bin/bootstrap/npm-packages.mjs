import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** npm writes this file at the end of each install. */
const INSTALLED = 'node_modules/.package-lock.json';

/**
 * Installs what package-lock.json says, when node_modules is missing or older than it. Not with `npm ci`: that refuses a
 * lock without the optional packages of every other operating system, which a registry mirror need not have.
 */
export function installNpmPackages(root) {
  const installed = join(root, INSTALLED);
  if (
    existsSync(installed) &&
    statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
  )
    return;
  process.stderr.write('installing npm packages …\n');
  const { status } = spawnSync(
    'npm',
    ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: root,
      stdio: ['ignore', 2, 2],
    },
  );
  if (status !== 0) throw new Error('npm install failed: its message is above');
}
