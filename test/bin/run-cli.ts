import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const shim = fileURLToPath(new URL('../../bin/trunkline.mjs', import.meta.url));

/** Runs the real command line as `npx trunkline` does. */
export const trunkline = (...args: string[]): Promise<CliRun> => trunklineIn(process.cwd(), ...args);

/** The same, begun in another folder. */
export function trunklineIn(cwd: string, ...args: string[]): Promise<CliRun> {
  return new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: '1' };
    execFile(
      process.execPath,
      [shim, ...args],
      { cwd, env, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr });
      },
    );
  });
}
