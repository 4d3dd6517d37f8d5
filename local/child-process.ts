import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Logger } from 'pino';

export interface Peer extends AsyncDisposable {
  readonly process: ChildProcess;
  /** Exit code, once it has ended. */
  readonly ended: Promise<number | null>;
  /** The last lines it printed. */
  tail(): string;
}

const TAIL_LINES = 40;
const KILL_AFTER_MS = 3_000;

/** Everything that we started and that still runs: it ends when this process does, however that comes about. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program of the system. @throws Error that names the Debian package where the program is missing. */
export function startPeer(
  command: string,
  args: readonly string[],
  parts: { readonly logger?: Logger; readonly package: string; readonly cwd?: string },
): Promise<Peer> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(parts.cwd === undefined ? {} : { cwd: parts.cwd }),
    });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (lines.length > TAIL_LINES) lines.shift();
        parts.logger?.debug({ peer: command }, line);
      });
    }
    const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)));
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const remedy =
        cause.code === 'ENOENT'
          ? `${command} is not installed: apt-get install ${parts.package}`
          : `${command} does not start`;
      reject(new Error(remedy, { cause }));
    });
    child.once('spawn', () => {
      running.add(child);
      void ended.then(() => running.delete(child));
      resolve({
        process: child,
        ended,
        tail: () => lines.join('\n'),
        async [Symbol.asyncDispose]() {
          if (child.exitCode !== null || child.signalCode !== null) return;
          child.kill('SIGTERM');
          const impatient = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
          await ended;
          clearTimeout(impatient);
        },
      });
    });
  });
}
