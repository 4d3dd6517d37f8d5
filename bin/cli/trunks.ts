import type { Command } from 'commander';
import pc from 'picocolors';
import { Failure } from './failure.ts';
import { needRunning } from './running.ts';

/** One endpoint as the edge's /trunks tells it. */
interface EndpointLine {
  readonly trunk: string;
  readonly endpoint: string;
  readonly up: boolean;
  readonly lastStatus: number | null;
  readonly calls: number;
}

export function addTrunks(trunkline: Command): void {
  const trunks = trunkline.command('trunks').description('connections to carriers');
  trunks
    .command('status')
    .description('every endpoint of every trunk, as the edge that runs here reaches it')
    .option('--json', 'machine-readable result')
    .addHelpText('after', '\nExit code 0: each trunk has an endpoint that is up; 1: one has none.')
    .action(status);
}

async function status({ json }: { readonly json?: boolean }): Promise<void> {
  const { http } = await needRunning();
  const lines = await endpointsAt(`http://${http.host}:${http.port}/trunks`);
  if (json) process.stdout.write(`${JSON.stringify(lines, null, 2)}\n`);
  else if (lines.length === 0)
    process.stdout.write('no trunk has endpoints: nothing is called over trunks here\n');
  else print(lines);
  const reached = new Set(lines.filter(({ up }) => up).map(({ trunk }) => trunk));
  if (lines.some(({ trunk }) => !reached.has(trunk))) process.exitCode = 1;
}

async function endpointsAt(url: string): Promise<readonly EndpointLine[]> {
  const response = await fetch(url).catch((cause: Error) => {
    throw new Failure(`the edge does not answer at ${url}: ${cause.message}`);
  });
  return ((await response.json()) as { trunks: readonly EndpointLine[] }).trunks;
}

function print(lines: readonly EndpointLine[]): void {
  const width = (of: (line: EndpointLine) => string) => Math.max(...lines.map((line) => of(line).length));
  const [trunkWidth, endpointWidth] = [width(({ trunk }) => trunk), width(({ endpoint }) => endpoint)];
  for (const { trunk, endpoint, up, lastStatus, calls } of lines) {
    const state = up ? pc.green('up  ') : pc.red('down');
    const heard = lastStatus === null ? 'no answer to OPTIONS' : `OPTIONS ${lastStatus}`;
    process.stdout.write(
      `${trunk.padEnd(trunkWidth)}  ${endpoint.padEnd(endpointWidth)}  ${state}  ${heard}, ${calls} calls on the trunk\n`,
    );
  }
}
