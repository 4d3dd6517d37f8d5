import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes a folder ours until disposed of: two processes in one folder of tables would end one another. @throws Error that names who has it. */
export async function claimFolder(folder: string): Promise<AsyncDisposable> {
  const file = join(folder, 'owner.pid');
  await mkdir(folder, { recursive: true });
  const write = () => writeFile(file, String(process.pid), { flag: 'wx' });
  await write().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    const owner = Number(await readFile(file, 'utf8'));
    if (isRunning(owner)) throw new Error(`${folder} is in use by process ${owner}`);
    // Left behind by a process that was killed.
    await rm(file, { force: true });
    await write();
  });
  return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
}

function isRunning(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
