import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SettingsInput } from '../../lib/settings.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** What the template and the bundles are made from. */
const sources = ['bin/app.ts', 'lib', 'functions', 'core', 'contracts', 'package-lock.json'];
const cache = join(root, '.trunkline', 'assemblies');

/** Synthesizes the CDK app into `folder`, in this process. */
async function synthesizeApp(folder: string, settings: SettingsInput): Promise<string> {
  const { buildApp } = await import('../../bin/app.ts');
  return buildApp({ ...settings, outdir: folder, validate: false }).synth().directory;
}

/** The same, once per state of sources and settings: bundling takes seconds, and nothing of it changes between two starts. */
export async function synthesizeOnce(settings: SettingsInput = {}): Promise<string> {
  const folder = join(cache, await fingerprint(settings));
  if (await exists(join(folder, 'manifest.json'))) return folder;
  const fresh = `${folder}.${process.pid}`;
  await mkdir(cache, { recursive: true });
  await synthesizeApp(fresh, settings);
  // Another process may have been first; its result is as good.
  await rename(fresh, folder).catch(() => rm(fresh, { recursive: true, force: true }));
  return folder;
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

async function fingerprint(settings: SettingsInput): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const source of sources) {
    for (const file of await filesUnder(join(root, source))) hash.update(file).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesUnder(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (!entries) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
