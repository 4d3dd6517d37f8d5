import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The drachtio-server to measure beside ours: the one DRACHTIO_BIN names, else one on PATH, else none. */
export function findDrachtio(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env['DRACHTIO_BIN']) return env['DRACHTIO_BIN'];
  return (env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'drachtio'))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
