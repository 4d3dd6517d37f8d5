import type { Command } from 'commander';
import type { Registration } from '../../local/state-tables.ts';
import { stateTables } from './state.ts';

interface ListOptions {
  readonly trunk?: string;
  readonly user?: string;
  readonly json?: boolean;
}

export function addRegistrations(trunkline: Command): void {
  trunkline
    .command('registrations')
    .description('phones and agents that are registered with our edges')
    .command('list')
    .description('every contact of every user, with the edge that has the way to it')
    .option('--trunk <name>', 'only users of this trunk')
    .option('--user <name>', 'only this user')
    .option('--json', 'machine-readable result')
    .addHelpText('after', '\nCarriers with which we register ourselves: npx trunkline trunks status')
    .action(list);
}

async function list({ trunk, user, json }: ListOptions): Promise<void> {
  await using tables = await stateTables('registrations');
  const now = Date.now();
  const rows = (await tables.registrations())
    .filter((row) => row.expiresAt > now)
    .filter((row) => (trunk ?? row.trunk) === row.trunk && (user ?? row.name) === row.name)
    .sort((one, other) => one.user.localeCompare(other.user) || other.q - one.q);
  if (json) return void process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  if (rows.length === 0) return void process.stdout.write('nobody is registered\n');
  for (const row of rows) process.stdout.write(`${lineOf(row, now)}\n`);
}

function lineOf({ name, trunk, contact, source, edgeId, q, expiresAt }: Registration, now: number): string {
  const from = `${source.address}:${source.port};transport=${source.transport}`;
  const seconds = Math.round((expiresAt - now) / 1_000);
  return `${name} of ${trunk}  ${contact}  from ${from}  with ${edgeId}${q === 1 ? '' : `  q=${q}`}  for ${seconds} s`;
}
