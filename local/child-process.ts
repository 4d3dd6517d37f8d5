import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
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
/** A busy machine may take its time to end a program with many processes. */
const KILL_AFTER_MS = 10_000;

/** Everything that we started and that still runs, for the systems without {@link endsWithUs}. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

let hasDeathSignal: boolean | undefined;

/**
 * What to put before a command so that Linux kills it when we die, SIGKILL included: prctl(2), PR_SET_PDEATHSIG. It
 * counts the death of the thread that started it. Empty elsewhere.
 */
export function endsWithUs(): readonly string[] {
  const words = ['/usr/bin/setpriv', '--pdeathsig', 'KILL'] as const;
  hasDeathSignal ??= spawnSync(words[0], [...words.slice(1), 'true'], { stdio: 'ignore' }).status === 0;
  return hasDeathSignal ? words : [];
}

/** Where the program is: a path as it stands, a name as the PATH finds it. */
export async function findProgram(
  command: string,
  path: string = process.env['PATH'] ?? '',
): Promise<string | undefined> {
  const folders = path.split(delimiter).filter(Boolean);
  const files = command.includes('/') ? [command] : folders.map((folder) => join(folder, command));
  for (const file of files) {
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  return undefined;
}

/** Starts a program of the system. @throws Error that names the Debian package where the program is missing. */
export async function startPeer(
  command: string,
  args: readonly string[],
  parts: {
    readonly logger?: Logger;
    readonly package: string;
    readonly cwd?: string;
    /** Besides our own. */
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<Peer> {
  const file = await findProgram(command);
  if (file === undefined) throw new Error(`${command} is not installed: apt-get install ${parts.package}`);
  const [program = file, ...words] = [...endsWithUs(), file, ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(parts.cwd === undefined ? {} : { cwd: parts.cwd }),
      ...(parts.env === undefined ? {} : { env: { ...process.env, ...parts.env } }),
    });
    child.once('error', (cause) => reject(new Error(`${command} does not start`, { cause })));
    child.once('spawn', () => resolve(peerOf(child, command, parts.logger)));
  });
}

function peerOf(child: ChildProcess, command: string, logger: Logger | undefined): Peer {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > TAIL_LINES) lines.shift();
      logger?.debug({ peer: command }, line);
    });
  }
  const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)));
  running.add(child);
  void ended.then(() => running.delete(child));
  return {
    process: child,
    ended,
    tail: () => lines.join('\n'),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const impatient = setTimeout(() => {
        // Processes of its own that outlive it hold its output open: nobody waits for that.
        child.once('exit', () => [child.stdout, child.stderr].forEach((stream) => void stream?.destroy()));
        child.kill('SIGKILL');
      }, KILL_AFTER_MS);
      await ended;
      clearTimeout(impatient);
    },
  };
}
