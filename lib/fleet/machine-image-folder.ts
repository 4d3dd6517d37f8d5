import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { esbuild, inOneFile } from '../build-bundles.ts';

export interface ImageFolder extends Disposable {
  readonly path: string;
}

/**
 * What the image of the machine's program is built from: the program in one file, and its Dockerfile. Its digest changes
 * with `machine/` and what that imports, and with nothing else of the project. The app has its own copy once an asset is
 * made of it.
 */
export function machineImageFolder(project: string): ImageFolder {
  const path = mkdtempSync(join(tmpdir(), 'trunkline-machine-image-'));
  esbuild().buildSync({
    ...inOneFile,
    entryPoints: [join(project, 'machine/main.ts')],
    outfile: join(path, 'main.mjs'),
  });
  copyFileSync(join(project, 'images/machine/Dockerfile'), join(path, 'Dockerfile'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
