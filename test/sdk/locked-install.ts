import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What we read of a package.json. */
export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly type?: 'module';
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** What package-lock.json says of one folder in node_modules. */
interface LockedPackage {
  readonly version: string;
  /** Comes in the tarball of the package around it. */
  readonly inBundle?: boolean;
  readonly link?: boolean;
}

const nameIn = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** Where the npm registry keeps a version; npm puts the host of a configured mirror in its place (`replace-registry-host`). */
const tarballOf = (name: string, version: string) =>
  `https://registry.npmjs.org/${name}/-/${name.split('/').at(-1)}-${version}.tgz`;

/** A packed package of the project beside the folder that takes it, and its package.json. */
export interface Tarball {
  readonly file: string;
  readonly manifest: Manifest;
}

/**
 * Installs a tarball and what else a package.json asks for in `folder`, in the versions of the lock in `project`: those that
 * were tested. A locked package comes from npm's cache by its hash, where installing the project has put it, so that no
 * network is needed; npm leaves out what nobody asks for.
 */
export async function installLocked(folder: string, asked: Manifest, tarball: Tarball, project: string) {
  const lock: { readonly packages: Readonly<Record<string, LockedPackage>> } = JSON.parse(
    await readFile(join(project, 'package-lock.json'), 'utf8'),
  );
  const { name = '' } = tarball.manifest;
  const resolved = `file:${tarball.file}`;
  const manifest = { ...asked, dependencies: { ...asked.dependencies, [name]: resolved } };
  const packages: Record<string, object> = {
    '': manifest,
    [`node_modules/${name}`]: { ...tarball.manifest, resolved },
  };
  for (const [path, locked] of Object.entries(lock.packages)) {
    if (path === '' || locked.link) continue;
    packages[path] = locked.inBundle
      ? locked
      : { ...locked, resolved: tarballOf(nameIn(path), locked.version) };
  }
  const write = (file: string, value: object) => writeFile(join(folder, file), JSON.stringify(value));
  await write('package.json', manifest);
  await write('package-lock.json', { lockfileVersion: 3, requires: true, packages });
  await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], {
    cwd: folder,
  });
}
