import { readFile } from 'node:fs/promises';
import { isMap, isSeq, LineCounter, type ParsedNode, parseDocument } from 'yaml';
import { RoutingConfig } from '../../contracts/config.ts';
import { locatedFaultsOf } from '../../contracts/refusal.ts';
import { toItems } from '../../core/config-items.ts';
import { oversizedItems } from '../../core/item-bytes.ts';
import type { ConfigWarning } from '../../core/media-encryption.ts';
import { Failure } from './failure.ts';

/** One fault of a configuration file, with its place. */
export interface FileFault {
  readonly line: number;
  readonly column: number;
  /** Dotted path, such as `agents.echo.targets.0.uri`. */
  readonly path: string;
  readonly message: string;
}

export type CheckedConfig =
  | { readonly ok: true; readonly config: RoutingConfig }
  | { readonly ok: false; readonly faults: readonly FileFault[] };

/** Checks a YAML (or JSON) text: every fault is told, not only the first. */
export function checkConfig(text: string): CheckedConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    const faults = document.errors.map(({ message, pos }) => {
      const { line, col } = lines.linePos(pos[0]);
      return { line, column: col, path: '(YAML)', message: message.split('\n')[0] ?? message };
    });
    return { ok: false, faults };
  }
  const input: unknown = document.toJS();
  const parsed = RoutingConfig.safeParse(input);
  const found = parsed.success ? tooLargeIn(parsed.data) : locatedFaultsOf(parsed.error, input);
  if (parsed.success && found.length === 0) return { ok: true, config: parsed.data };
  const faults = found.map(({ path, at, message }) => {
    const { line, col } = lines.linePos(placeOf(document.contents, at));
    return { line, column: col, path, message };
  });
  return { ok: false, faults: faults.sort((a, b) => a.line - b.line) };
}

const tooLargeIn = (config: RoutingConfig) =>
  oversizedItems(toItems(config, 0)).map(({ at, message }) => ({ path: at.join('.'), at, message }));

/** Offset of the node at `path`, or of the nearest one above it that stands in the file. */
function placeOf(root: ParsedNode | null, path: readonly PropertyKey[]): number {
  let node: unknown = root;
  let offset = root?.range[0] ?? 0;
  for (const key of path) {
    const pair = isMap(node) ? node.items.find((item) => String(item.key) === String(key)) : undefined;
    const next = isSeq(node) ? node.items[Number(key)] : pair?.value;
    const at = (pair?.key ?? next) as { range?: [number, number, number] } | undefined;
    if (!at?.range) return offset;
    offset = at.range[0];
    node = next;
  }
  return offset;
}

/** @throws Failure (exit code 2) that lists all faults with their lines. */
export const loadConfig = async (file: string): Promise<RoutingConfig> => (await loadConfigFile(file)).config;

/** The same, with the text as it stands in the file. */
export async function loadConfigFile(
  file: string,
): Promise<{ readonly config: RoutingConfig; readonly text: string }> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Failure(`${file}: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`, 2);
  });
  const checked = checkConfig(text);
  if (checked.ok) return { config: checked.config, text };
  throw new Failure(faultLines(file, checked.faults), 2);
}

export const faultLines = (file: string, faults: readonly FileFault[]): string =>
  [
    ...faults.map(({ line, column, path, message }) => `${file}:${line}:${column} ${path}: ${message}`),
    `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'} in ${file}`,
  ].join('\n');

/** Empty where there are none. */
export const warningLines = (warnings: readonly ConfigWarning[]): string =>
  warnings.map(({ trunk, message }) => `warning: trunks.${trunk} ${message}\n`).join('');
