import type { Command } from 'commander';
import { jsonSchemas } from '../../contracts/json-schema.ts';
import { Failure } from './failure.ts';

export function addSchema(trunkline: Command): void {
  trunkline
    .command('schema [name]')
    .description('JSON Schema (draft 2020-12) of a message, of all messages, or of the configuration')
    .option('--list', 'names only')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx trunkline schema --list\n  $ npx trunkline schema call.received',
    )
    .action((name: string | undefined, options: { list?: boolean }) => {
      const schemas = jsonSchemas() as Record<string, object>;
      if (options.list) return void process.stdout.write(`${Object.keys(schemas).join('\n')}\n`);
      if (name !== undefined && !(name in schemas)) {
        throw new Failure(
          `there is no message "${name}"; messages are: ${Object.keys(schemas).join(', ')}`,
          2,
        );
      }
      process.stdout.write(`${JSON.stringify(name === undefined ? schemas : schemas[name], null, 2)}\n`);
    });
}
