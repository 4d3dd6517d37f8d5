import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildBundles } from '../lib/build-bundles.ts';

// A step of `npm pack ./sdk`: writes the functions of the platform, each into a folder of its own, where lib/bundle.ts looks.
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: tsx bin/pack-functions.ts FOLDER');
rmSync(folder, { recursive: true, force: true });
for (const [name, file] of buildBundles()) {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'index.mjs'), file);
}
