import { readdirSync, readFileSync } from 'node:fs';
import { type MessageName, messages } from '../../contracts/json-schema.ts';

const contracts = new URL('../../contracts/', import.meta.url);

/** A message that is refused for one reason, at one place. */
export interface NearMiss {
  readonly of: MessageName;
  /** Path of the fault, as `faultsOf` writes it. */
  readonly because: string;
  /** Part of its message. */
  readonly says: string;
  readonly message: unknown;
}

function read(folder: string): { name: string; json: unknown }[] {
  const dir = new URL(`${folder}/`, contracts);
  return readdirSync(dir).map((file) => ({
    name: file.replace(/\.json$/, ''),
    json: JSON.parse(readFileSync(new URL(file, dir), 'utf8')) as unknown,
  }));
}

/** `call.ended.reaped` is an example of `call.ended`. */
function messageOf(name: string): MessageName {
  const names = Object.keys(messages) as MessageName[];
  const of = names.find((known) => name === known || name.startsWith(`${known}.`));
  if (!of) throw new Error(`contracts/examples/${name}.json is an example of no message`);
  return of;
}

export const messageNames = Object.keys(messages) as MessageName[];
export const examples = read('examples').map((file) => ({ ...file, of: messageOf(file.name) }));
export const nearMisses = read('near-misses').map(({ name, json }) => ({ name, ...(json as NearMiss) }));

export function example(name: string): Record<string, unknown> {
  const found = examples.find((file) => file.name === name);
  if (!found) throw new Error(`there is no contracts/examples/${name}.json`);
  return found.json as Record<string, unknown>;
}
