import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { stringify } from 'yaml';
import type { ConfigChange } from '../../core/config-changes.ts';
import { encryptionWarnings } from '../../core/media-encryption.ts';
import { VersionConflict } from '../../local/routing-table.ts';
import { openStateTables } from '../../local/state-tables.ts';
import { refuseUnknownSecrets } from './account-secrets.ts';
import { loadConfig, loadConfigFile, warningLines } from './config-file.ts';
import { Failure } from './failure.ts';
import { pulledVersion, withVersion } from './pulled-version.ts';
import { stateLocation, stateTables } from './state.ts';

interface Shared {
  readonly json?: boolean;
}

interface PushOptions extends Shared {
  readonly expect?: number;
  readonly force?: boolean;
  readonly skipSecrets?: boolean;
}

/** What reads and writes the configuration that the platform runs on. */
export function addConfigTable(config: Command): void {
  config
    .command('push <file>')
    .description('make a file the configuration of the platform; edges take it up within 10 s, calls go on')
    .addOption(
      new Option(
        '--expect <version>',
        'only where this version stands; without it, the one in a first line `# version N`, as `pull` writes it',
      )
        .argParser(versionOf)
        .conflicts('force'),
    )
    .option('--force', 'whatever version stands: what others have pushed since is overwritten')
    .option('--skip-secrets', 'do not look whether Secrets Manager has what the file names')
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nA file with a fault, a version that is not expected, and a push that meets another one change nothing\n(exit code 2, or 1). A first line `# version N` is set to the version that the push has made.',
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

async function push(file: string, { expect, force, skipSecrets, json }: PushOptions): Promise<void> {
  const { config, text } = await loadConfigFile(file);
  const pulled = pulledVersion(text);
  const location = await stateLocation('config');
  if (!skipSecrets) await refuseUnknownSecrets(config, location);
  await using tables = openStateTables(location);
  const expected = force ? undefined : (expect ?? pulled);
  const pushed = await tables.routing.push(config, expected).catch((cause: Error) => {
    throw new Failure(
      cause instanceof VersionConflict ? `${cause.message}: ${conflictRemedy}` : cause.message,
    );
  });
  const { version, changes, leftOver } = pushed;
  if (pulled !== undefined && pulled !== version) await writeFile(file, withVersion(text, version));
  if (leftOver !== undefined)
    process.stderr.write(
      `warning: former items are not deleted yet (${leftOver}): the next push tries again\n`,
    );
  if (json) return void process.stdout.write(`${JSON.stringify({ version, changes }, null, 2)}\n`);
  const what = changes.length === 0 ? 'nothing differs' : `${changes.length} changed`;
  process.stdout.write(`${linesOf(changes)}version ${version}, ${what}\n`);
  process.stderr.write(warningLines(encryptionWarnings(config)));
}

const conflictRemedy =
  'somebody has pushed since. See what with `config diff`, or pull again and make your change there; `--force` overwrites it';

async function pull({ output, json }: Shared & { readonly output?: string }): Promise<void> {
  await using tables = await stateTables('config');
  const found = await tables.routing.read();
  if (!found)
    throw new Failure('no configuration was pushed yet: push one with `npx trunkline config push FILE`');
  const text = json
    ? `${JSON.stringify(found, null, 2)}\n`
    : withVersion(stringify(found.config), found.version);
  if (output === undefined) return void process.stdout.write(text);
  await writeFile(output, text);
  process.stdout.write(`version ${found.version} is in ${output}\n`);
}

async function diff(file: string, { json }: Shared): Promise<void> {
  const wanted = await loadConfig(file);
  await using tables = await stateTables('config');
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
