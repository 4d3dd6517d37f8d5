import { setTimeout } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { Failure } from './failure.ts';
import { needRunning, type RunningEdge } from './running.ts';
import { isHealthy, type TrunkLine, trunkTable } from './trunk-table.ts';

interface Options {
  readonly json?: boolean;
  /** s; `true` where none were named. */
  readonly watch?: number | true;
}

const WATCH_SECONDS = 2;

export function addTrunks(trunkline: Command): void {
  const trunks = trunkline.command('trunks').description('connections to carriers');
  trunks
    .command('status')
    .description('every trunk as each edge that runs here sees it: calls, limits, endpoints, registrations')
    .option(
      '--watch [seconds]',
      `again every ${WATCH_SECONDS} s, or as often as said, until Ctrl-C`,
      secondsOf,
    )
    .option('--json', 'machine-readable result; with --watch one JSON a line')
    .addHelpText(
      'after',
      '\nExit code 0: on each edge each trunk that is called has an endpoint that is up, and is registered; 1: one is not.',
    )
    .action(status);
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (seconds >= 0.2 && seconds <= 3_600) return seconds;
  throw new InvalidArgumentError('must be seconds, 0.2 to 3600');
}

async function status({ json, watch }: Options): Promise<void> {
  const print = async () => {
    const { edges } = await needRunning();
    const lines = (await Promise.all(edges.map(trunksOf))).flat();
    process.exitCode = lines.every(isHealthy) ? 0 : 1;
    if (json) return `${JSON.stringify(lines, null, watch === undefined ? 2 : 0)}\n`;
    return trunkTable(lines, edges.length > 1);
  };
  process.stdout.write(await print());
  while (watch !== undefined) {
    await setTimeout((watch === true ? WATCH_SECONDS : watch) * 1_000);
    const text = await print();
    process.stdout.write(json ? text : `${afresh()}${text}`);
  }
}

/** A terminal is cleared; in a file one picture follows the other. */
const afresh = () => (process.stdout.isTTY ? '\u001b[H\u001b[2J' : `\n${new Date().toISOString()}\n`);

async function trunksOf({ id, http }: RunningEdge): Promise<readonly TrunkLine[]> {
  const url = `http://${http.host}:${http.port}/trunks`;
  const response = await fetch(url).catch((cause: Error) => {
    throw new Failure(`${id} does not answer at ${url}: ${cause.message}`);
  });
  const { trunks } = (await response.json()) as { trunks: readonly Omit<TrunkLine, 'edge'>[] };
  return trunks.map((trunk) => ({ edge: id, ...trunk }));
}
