import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface PromptFolder extends AsyncDisposable {
  readonly path: string;
}

/**
 * A folder for `call.play`: what the given one holds, and for each `NAME.txt` without a recording a NAME.wav, spoken by
 * espeak-ng. So a menu can be tried before anybody has recorded it.
 */
export async function preparePrompts(from: string): Promise<PromptFolder> {
  const path = await mkdtemp(join(tmpdir(), 'trunkline-prompts-'));
  await mkdir(path, { recursive: true });
  const files = await readdir(from, { withFileTypes: true });
  const names = files.filter((file) => file.isFile()).map(({ name }) => name);
  for (const name of names) {
    const { name: stem, ext } = parse(name);
    if (ext !== '.txt') await copyFile(join(from, name), join(path, name));
    else if (!names.includes(`${stem}.wav`))
      await speak(await readFile(join(from, name), 'utf8'), join(path, `${stem}.wav`));
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** 16 bit, mono, at 8 kHz: what every edge plays. */
async function speak(sentence: string, file: string): Promise<void> {
  const wide = `${file}.wide`;
  await run('espeak-ng', ['-w', wide, '-s', '150', sentence.trim()]);
  await run('sox', ['-t', 'wav', wide, '-r', '8000', '-c', '1', '-b', '16', file, 'gain', '-n', '-6']);
  await rm(wide);
}
