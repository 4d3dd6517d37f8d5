import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { encryptionWarnings } from '../../core/media-encryption.ts';
import { checkConfig, faultLines, warningLines } from './config-file.ts';
import { addConfigTable } from './config-table.ts';
import { Failure } from './failure.ts';

export function addConfig(trunkline: Command): void {
  const config = trunkline.command('config').description('the routing configuration');
  config
    .command('check <file>')
    .description('check a configuration file and list every fault with its line; warnings are no faults')
    .option('--json', 'machine-readable result')
    .addHelpText('after', '\nExample:\n  $ npx trunkline config check examples/quickstart/trunkline.yaml')
    .action(async (file: string, options: { json?: boolean }) => {
      const text = await readFile(file, 'utf8').catch(() => {
        throw new Failure(`${file}: there is no such file`, 2);
      });
      const checked = checkConfig(text);
      if (options.json) {
        const result = checked.ok
          ? { ok: true, file, warnings: encryptionWarnings(checked.config) }
          : { ok: false, file, faults: checked.faults };
        process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
        if (!checked.ok) throw new Failure(`${checked.faults.length} faults in ${file}`, 2);
        return;
      }
      if (!checked.ok) throw new Failure(faultLines(file, checked.faults), 2);
      const { trunks, numbers, agents } = checked.config;
      const count = (of: object, what: string) => `${Object.keys(of).length} ${what}`;
      process.stdout.write(
        `${file} is good: ${count(trunks, 'trunk(s)')}, ${count(numbers, 'number(s)')}, ${count(agents, 'agent(s)')}\n`,
      );
      process.stdout.write(warningLines(encryptionWarnings(checked.config)));
    });
  addConfigTable(config);
}
