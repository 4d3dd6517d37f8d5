import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Prompts } from '../ports.ts';

/** The recordings in one folder. What lies elsewhere is not found, also where a link of the folder leads there. */
export const promptsIn = (folder: string | undefined): Prompts => ({
  async find(file) {
    if (folder === undefined)
      throw new Error('this edge has no recordings: TRUNKLINE_PROMPTS_DIR must name their folder');
    const path = await inside(folder, file);
    if (path === undefined)
      throw new Error(`file: there is no recording "${file}" in the folder of this edge`);
    return path;
  },
});

async function inside(folder: string, file: string): Promise<string | undefined> {
  try {
    const path = await realpath(join(folder, file));
    const isInside = path.startsWith(`${await realpath(folder)}${sep}`);
    return isInside && (await stat(path)).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}
