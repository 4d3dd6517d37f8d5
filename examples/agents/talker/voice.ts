import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const known = new Map<string, Promise<Buffer>>();

/** Hz, of all that is said. */
export const RATE = 16_000;

/** A sentence as PCM16, spoken by espeak-ng and brought to our rate by sox; each is spoken once. */
export function spoken(sentence: string): Promise<Buffer> {
  const audio = known.get(sentence) ?? speak(sentence);
  known.set(sentence, audio);
  return audio;
}

async function speak(sentence: string): Promise<Buffer> {
  try {
    const { stdout: wav } = await run('espeak-ng', ['--stdout', '-s', '150', sentence], large);
    return await resampled(wav);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new Error('this agent has no voice: install espeak-ng and sox (apt-get install espeak-ng sox)', {
      cause,
    });
  }
}

const large = { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 } as const;

async function resampled(wav: Buffer): Promise<Buffer> {
  const format = ['-t', 'raw', '-r', String(RATE), '-c', '1', '-b', '16', '-e', 'signed-integer', '-'];
  // A pipe has no length: sox is told to ignore the one in the header.
  const sox = run('sox', ['--ignore-length', '-t', 'wav', '-', ...format, 'gain', '-n', '-6'], large);
  sox.child.stdin?.end(wav);
  return (await sox).stdout;
}
