import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const heldHere = new Set<string>();

/**
 * Makes this process the only owner of `dir`; the returned function gives it back. A lock whose process is gone is
 * taken over at once: an edge that was killed must be able to come back without waiting.
 */
export function lockDirectory(dir: string): () => void {
  const path = join(resolve(dir), 'owner.lock');
  if (heldHere.has(path)) throw new Error(`${dir} is already open in this process`);
  const own = `${process.pid} ${startOf(process.pid) ?? '-'}`;
  // Linked into place whole: nobody ever reads a half-written lock.
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, own, { mode: 0o600 });
  try {
    claim(path, draft, dir);
  } finally {
    rmSync(draft, { force: true });
  }
  heldHere.add(path);
  return () => {
    if (heldHere.delete(path)) rmSync(path, { force: true });
  };
}

function claim(path: string, draft: string, dir: string): void {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      linkSync(draft, path);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = readOwner(path);
    if (owner && isAlive(owner)) {
      throw new Error(
        `${dir} belongs to process ${owner.pid}: stop that one, or give this edge another TRUNKLINE_DATA_DIR`,
      );
    }
    rmSync(path, { force: true });
  }
  throw new Error(`${dir} is being claimed by several processes at once`);
}

interface Owner {
  readonly pid: number;
  readonly start: string;
}

function readOwner(path: string): Owner | undefined {
  try {
    const [pid, start] = readFileSync(path, 'utf8').trim().split(' ');
    return { pid: Number(pid), start: start ?? '-' };
  } catch {
    return undefined;
  }
}

/** A pid alone may be somebody else's by now, in a container even our own: the start time tells them apart. */
function isAlive({ pid, start }: Owner): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  const startNow = startOf(pid);
  if (startNow !== undefined && start !== '-') return startNow === start;
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Start of a process in clock ticks since boot: field 22 of /proc/PID/stat, counted behind the command's name. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
