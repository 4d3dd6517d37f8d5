import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import { stringify } from 'yaml';
import type { ConfigChange } from '../../core/config-changes.ts';
import { encryptionWarnings } from '../../core/media-encryption.ts';
import { loadConfig, warningLines } from './config-file.ts';
import { Failure } from './failure.ts';
import { stateTables } from './state.ts';

interface Shared {
  readonly json?: boolean;
}

/** What reads and writes the configuration that the platform runs on. */
export function addConfigTable(config: Command): void {
  config
    .command('push <file>')
    .description('make a file the configuration of the platform; edges take it up within 10 s, calls go on')
    .option('--expect <version>', 'only where this version stands', versionOf)
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nA file with a fault, and a push that meets another one, change nothing (exit code 2, or 1).',
    )
    .action(push);
  config
    .command('pull')
    .description('print the configuration of the platform as YAML, with every default')
    .option('--output <file>', 'write it there instead')
    .option('--json', 'version and configuration as JSON')
    .action(pull);
  config
    .command('diff <file>')
    .description('what a push of the file would change; exit code 0: nothing, 1: something')
    .option('--json', 'machine-readable result')
    .action(diff);
}

function versionOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('must be a version as `config pull` tells it');
}

async function push(file: string, { expect, json }: Shared & { readonly expect?: number }): Promise<void> {
  const wanted = await loadConfig(file);
  await using tables = await stateTables();
  const { version, changes } = await tables.routing.push(wanted, expect).catch((cause: Error) => {
    throw new Failure(cause.message);
  });
  if (json) return void process.stdout.write(`${JSON.stringify({ version, changes }, null, 2)}\n`);
  const what = changes.length === 0 ? 'nothing differs' : `${changes.length} changed`;
  process.stdout.write(`${linesOf(changes)}version ${version}, ${what}\n`);
  process.stderr.write(warningLines(encryptionWarnings(wanted)));
}

async function pull({ output, json }: Shared & { readonly output?: string }): Promise<void> {
  await using tables = await stateTables();
  const found = await tables.routing.read();
  if (!found)
    throw new Failure('no configuration was pushed yet: push one with `npx trunkline config push FILE`');
  const text = json
    ? `${JSON.stringify(found, null, 2)}\n`
    : `# version ${found.version}\n${stringify(found.config)}`;
  if (output === undefined) return void process.stdout.write(text);
  await writeFile(output, text);
  process.stdout.write(`version ${found.version} is in ${output}\n`);
}

async function diff(file: string, { json }: Shared): Promise<void> {
  const wanted = await loadConfig(file);
  await using tables = await stateTables();
  const changes = await tables.routing.compare(wanted);
  process.stdout.write(
    json ? `${JSON.stringify(changes, null, 2)}\n` : linesOf(changes) || `${file} is what the platform has\n`,
  );
  if (changes.length > 0) process.exitCode = 1;
}

const marks = { added: pc.green('+'), changed: pc.yellow('~'), removed: pc.red('-') } as const;

const linesOf = (changes: readonly ConfigChange[]): string =>
  changes
    .map(
      ({ item, change, paths }) =>
        `${marks[change]} ${item.replace('#', ' ')}${paths.length > 0 ? `: ${paths.join(', ')}` : ''}\n`,
    )
    .join('');
