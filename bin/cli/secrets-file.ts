import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import * as z from 'zod';
import { Failure } from './failure.ts';

const Secrets = z.record(z.string().min(1), z.union([z.string().min(1), z.record(z.string(), z.string())]));

/**
 * What Secrets Manager of this machine holds: a YAML or JSON of `name: text`, or `name: { field: text }` for a JSON secret.
 * @throws Failure (exit code 2) that never quotes the file.
 */
export async function loadSecrets(file: string): Promise<Record<string, string>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Failure(`${file}: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`, 2);
  });
  const read = Secrets.safeParse(readYaml(text));
  if (!read.success)
    throw new Failure(
      `${file}: must hold "name: secret" or "name: { field: secret }", one for each secret`,
      2,
    );
  return Object.fromEntries(
    Object.entries(read.data).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}

function readYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
