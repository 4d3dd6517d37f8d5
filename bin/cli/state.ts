import { openStateTables, type StateTables } from '../../local/state-tables.ts';
import { Failure } from './failure.ts';
import { findRunning } from './running.ts';

/** The state tables of the platform that runs here, or of the AWS account that the environment names. */
export async function stateTables(): Promise<StateTables> {
  const running = await findRunning();
  if (running) return openStateTables(running);
  const CallsTable = process.env['TRUNKLINE_CALLS_TABLE'];
  if (CallsTable)
    return openStateTables({
      env: {},
      outputs: {
        CallsTable,
        ConfigTable: process.env['TRUNKLINE_CONFIG_TABLE'] ?? '',
        RegistrationsTable: process.env['TRUNKLINE_REGISTRATIONS_TABLE'] ?? '',
      },
    });
  throw new Failure(
    'no platform runs in this folder: start one with `npx trunkline up`, or name the tables of your account in TRUNKLINE_CALLS_TABLE',
  );
}
