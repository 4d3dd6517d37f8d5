import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import pino from 'pino';
import { MachinePlan } from '../contracts/machine-plan.ts';
import { lifecycleOf, seatsByEc2, secretsManager } from './adapters/aws.ts';
import { instanceMetadata } from './adapters/metadata.ts';
import { tellReadiness } from './readiness.ts';
import { runMachine } from './run-machine.ts';
import { edgeWorker, engineWorker } from './workers.ts';

const folder = '/run/trunkline';
const EVERY_MS = 5_000;

/** Process entry on a machine of the fleet. */
async function main(): Promise<void> {
  const plan = MachinePlan.parse(JSON.parse(await readFile('/etc/trunkline/machine.json', 'utf8')));
  const metadata = instanceMetadata();
  const instance = await metadata.instance();
  await runMachine({
    plan,
    folder,
    instance,
    metadata,
    attachments: seatsByEc2(plan),
    lifecycle: lifecycleOf(plan.group, instance.id, plan),
    secrets: secretsManager(plan),
    worker: plan.role === 'edge' ? edgeWorker(folder) : engineWorker(),
    hasAddress,
    tell: tellReadiness(plan, (line) => process.stdout.write(line)),
    everyMs: EVERY_MS,
    logger: pino(),
  });
  // The group ends the machine now; an end of this process would only have it started again.
  await new Promise(() => setInterval(() => {}, 60_000));
}

const hasAddress = (wanted: string): boolean =>
  Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === wanted));

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
