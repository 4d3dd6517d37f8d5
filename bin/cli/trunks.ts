import type { Command } from 'commander';
import pc from 'picocolors';
import { Failure } from './failure.ts';
import { needRunning, type RunningEdge } from './running.ts';

/** One endpoint as an edge's /trunks tells it. */
interface EndpointLine {
  readonly edge: string;
  readonly trunk: string;
  readonly endpoint: string;
  readonly up: boolean;
  readonly lastStatus: number | null;
  readonly calls: number;
  readonly servers: readonly ServerLine[];
}

/** One server that an endpoint leads to. */
interface ServerLine {
  readonly server: string;
  readonly up: boolean;
  readonly lastStatus: number | null;
  /** What calls have found there: `up`, or `down`, `paused` (it asked to be left alone), `trial` (the next call tries it). */
  readonly standing: string;
}

/** One registration as an edge's /trunks tells it. */
interface RegistrationLine {
  readonly edge: string;
  readonly trunk: string;
  readonly registrar: string;
  readonly user: string;
  readonly registered: boolean;
  readonly expiresInSeconds: number | null;
  readonly failure: string | null;
}

export function addTrunks(trunkline: Command): void {
  const trunks = trunkline.command('trunks').description('connections to carriers');
  trunks
    .command('status')
    .description('every endpoint and registration of every trunk, as each edge that runs here sees it')
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExit code 0: on each edge each trunk has an endpoint that is up and is registered; 1: one is not.',
    )
    .action(status);
}

async function status({ json }: { readonly json?: boolean }): Promise<void> {
  const { edges } = await needRunning();
  const seen = await Promise.all(edges.map(trunksOf));
  const lines = seen.flatMap(({ endpoints }) => endpoints);
  const registrations = seen.flatMap((edge) => edge.registrations);
  if (json) process.stdout.write(`${JSON.stringify([...lines, ...registrations], null, 2)}\n`);
  else if (lines.length === 0)
    process.stdout.write('no trunk has endpoints: nothing is called over trunks here\n');
  else print(lines, edges.length > 1);
  if (!json) for (const line of registrations) printRegistration(line, edges.length > 1);
  const placeOf = ({ edge, trunk }: EndpointLine) => `${edge} ${trunk}`;
  const reached = new Set(lines.filter(({ up }) => up).map(placeOf));
  const unregistered = registrations.some(({ registered }) => !registered);
  if (unregistered || lines.some((line) => !reached.has(placeOf(line)))) process.exitCode = 1;
}

async function trunksOf({ id, http }: RunningEdge) {
  const url = `http://${http.host}:${http.port}/trunks`;
  const response = await fetch(url).catch((cause: Error) => {
    throw new Failure(`${id} does not answer at ${url}: ${cause.message}`);
  });
  const { trunks, registrations } = (await response.json()) as {
    trunks: readonly Omit<EndpointLine, 'edge'>[];
    registrations: readonly Omit<RegistrationLine, 'edge'>[];
  };
  return {
    endpoints: trunks.map((line): EndpointLine => ({ edge: id, ...line })),
    registrations: registrations.map((line): RegistrationLine => ({ edge: id, ...line })),
  };
}

/** Which edge it is matters only where there are several. */
function print(lines: readonly EndpointLine[], withEdge: boolean): void {
  const width = (of: (line: EndpointLine) => string) => Math.max(...lines.map((line) => of(line).length));
  const [trunkWidth, endpointWidth] = [width(({ trunk }) => trunk), width(({ endpoint }) => endpoint)];
  for (const { edge, trunk, endpoint, up, lastStatus, calls, servers } of lines) {
    const place = `${withEdge ? `${edge}  ` : ''}${trunk.padEnd(trunkWidth)}`;
    const [only, ...others] = servers;
    const isAddress = others.length === 0 && only?.server === endpoint;
    const heard = servers.length === 0 ? 'leads to no server' : heardOf(lastStatus);
    const found = isAddress && only ? foundBy(only) : '';
    process.stdout.write(
      `${place}  ${endpoint.padEnd(endpointWidth)}  ${stateOf(up)}  ${heard}${found}, ${calls} calls on the trunk\n`,
    );
    if (isAddress) continue;
    for (const one of servers) {
      const indent = ' '.repeat(place.length + 4);
      process.stdout.write(
        `${indent}${one.server}  ${stateOf(one.up)}  ${heardOf(one.lastStatus)}${foundBy(one)}\n`,
      );
    }
  }
}

const stateOf = (up: boolean) => (up ? pc.green('up  ') : pc.red('down'));
const heardOf = (status: number | null) => (status === null ? 'no answer to OPTIONS' : `OPTIONS ${status}`);
const foundBy = ({ standing }: ServerLine) =>
  standing === 'up'
    ? ''
    : `, ${standing === 'paused' ? 'asked to be left alone' : 'left alone after failed calls'}`;

function printRegistration(line: RegistrationLine, withEdge: boolean): void {
  const { edge, trunk, registrar, user, registered, expiresInSeconds, failure } = line;
  const state = registered ? pc.green(`registered for ${expiresInSeconds} s`) : pc.red('not registered');
  const why = failure === null ? '' : `, ${failure}`;
  process.stdout.write(`${withEdge ? `${edge}  ` : ''}${trunk}  ${user} at ${registrar}  ${state}${why}\n`);
}
