import { outputs as outputNames } from '../../lib/outputs.ts';
import { openStateTables, type StateLocation, type StateTables } from '../../local/state-tables.ts';
import { Failure } from './failure.ts';
import { findRunning } from './running.ts';

/** Each table by the variable that names it in an account, and the output of the stack that says its name. */
const places = {
  calls: { variable: 'TRUNKLINE_CALLS_TABLE', output: outputNames.callsTable },
  config: { variable: 'TRUNKLINE_CONFIG_TABLE', output: outputNames.configTable },
  registrations: { variable: 'TRUNKLINE_REGISTRATIONS_TABLE', output: outputNames.registrationsTable },
} as const;

/**
 * The platform that runs here, or the one of the AWS account that the environment names; of that, `needed` is the only table
 * that may be used. @throws Failure that says which variable is not set.
 */
export async function stateLocation(needed: keyof typeof places): Promise<StateLocation> {
  const running = await findRunning();
  if (running) return running;
  const { variable, output } = places[needed];
  const name = process.env[variable];
  if (name) return { env: {}, outputs: { [output]: name } };
  throw new Failure(
    `no platform runs in this folder: start one with \`npx trunkline up\`, or name the table of your account in ${variable} (output ${output} of the stack)`,
  );
}

export const stateTables = async (needed: keyof typeof places): Promise<StateTables> =>
  openStateTables(await stateLocation(needed));
