import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { events } from '../../contracts/events.ts';
import { compilePattern } from '../../local/cloud/event-pattern.ts';

/** What can be wrong with a handler, whatever its types say. Times in seconds. */
export interface Checked {
  readonly types: readonly string[];
  readonly where: unknown;
  readonly entry: string;
  readonly once: boolean;
  readonly reruns: number;
  readonly timeout: number;
}

/** Lambda's first rerun comes that long after a run that failed, s. */
const RERUN_SECONDS = 60;

/** @throws Error with the `path` of the construct, the prop and what to change. */
export function checkHandler(path: string, { types, where, entry, once, reruns, timeout }: Checked): void {
  const refuse = (what: string, cause?: unknown): never => {
    throw new Error(`${path}: ${what}`, { cause });
  };
  const unknown = types.filter((type) => !Object.hasOwn(events, type));
  if (types.length === 0 || unknown.length > 0)
    refuse(
      `events: ${unknown.join(', ') || 'an empty list'} is no event; events are ${Object.keys(events).join(', ')}`,
    );
  try {
    if (where !== undefined) compilePattern(where, 'where');
  } catch (error) {
    refuse(`where is no filter of EventBridge: ${error instanceof Error ? error.message : error}`, error);
  }
  if (!existsSync(entry)) refuse(`entry: there is no file ${entry}; give the path of the handler's source`);
  // A run that crashed counts as under way until its time is over, and its own rerun must not be taken for a second delivery.
  if (once && reruns > 0 && timeout > RERUN_SECONDS)
    refuse(
      `timeout: is ${timeout} s; with \`once\` and \`reruns\` give at most ${RERUN_SECONDS} s, after which Lambda runs again`,
    );
  try {
    createRequire(import.meta.url).resolve('esbuild');
  } catch (error) {
    refuse('esbuild bundles the function and is not installed: npm install --save-dev esbuild', error);
  }
}
