import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import pino from 'pino';
import { ports } from '../contracts/fleet-ports.ts';
import { MachinePlan } from '../contracts/machine-plan.ts';
import { lifecycleOf, seatsByEc2, secretsManager } from './adapters/aws.ts';
import { instanceMetadata } from './adapters/metadata.ts';
import { tellReadiness } from './readiness.ts';
import { runMachine } from './run-machine.ts';
import { engineWorker, serviceWorker } from './workers.ts';

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
    worker: workerOf(plan.role),
    hasAddress,
    tell: tellReadiness(plan, (line) => process.stdout.write(line)),
    everyMs: EVERY_MS,
    logger: pino(),
  });
  // The group ends the machine now; an end of this process would only have it started again.
  await new Promise(() => setInterval(() => {}, 60_000));
}

const workerOf = (role: MachinePlan['role']) =>
  role === 'media' ? engineWorker() : serviceWorker(folder, `http://127.0.0.1:${httpPorts[role]}`);

const httpPorts = { edge: ports.edgeHttp, gateway: ports.gatewayHttp } as const;

const hasAddress = (wanted: string): boolean =>
  Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === wanted));

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
