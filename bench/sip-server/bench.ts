import { availableParallelism, loadavg } from 'node:os';
import { Command } from 'commander';
import { startCallee } from '../load.ts';
import { findDrachtio } from './find-drachtio.ts';
import { type HeldFigures, measureHeld, measureRates, type StepFigures } from './measure.ts';
import { type MeasuredServer, startMeasured } from './measured-server.ts';
import { printTable } from './table.ts';
import { measureTexts, type TextFigures } from './texts.ts';

export interface ServerFigures {
  readonly name: MeasuredServer['name'];
  /** the rates that were held, lowest first */
  readonly steps: readonly StepFigures[];
  readonly held: HeldFigures;
}

export interface SipBenchResult {
  readonly cores: number;
  /** of the machine in the last minute, before the first measure: others' work takes from both servers */
  readonly loadBefore: number;
  readonly servers: readonly ServerFigures[];
  readonly texts: TextFigures;
}

interface Options {
  readonly dialogs: string;
  readonly cps: string;
  readonly profile?: string;
  readonly json?: boolean;
}

/** Ours and, where there is one, drachtio-server: the same rates, the same dialogs, a fresh process for each measure. */
async function bench({ dialogs, cps, profile }: Options): Promise<SipBenchResult> {
  const loadBefore = loadavg()[0] ?? 0;
  const texts = measureTexts();
  const drachtio = findDrachtio();
  const servers: ServerFigures[] = [];
  for (const program of drachtio === undefined ? [undefined] : [undefined, drachtio]) {
    const fresh = async <Figures>(measure: (server: MeasuredServer) => Promise<Figures>) => {
      await using callee = await startCallee();
      await using server = await startMeasured(`sip:agent@127.0.0.1:${callee.port}`, { program, profile });
      return await measure(server); // not before it is done are they disposed of
    };
    const steps = await fresh((server) => measureRates(server, cps.split(',').map(Number)));
    const held = await fresh((server) => measureHeld(server, Number(dialogs)));
    servers.push({ name: program === undefined ? 'ours' : 'drachtio-server', steps, held });
  }
  return { cores: availableParallelism(), loadBefore, servers, texts };
}

await new Command('bench:sip')
  .description(
    'our SIP server behind a drachtio-srf createB2BUA; beside a drachtio-server where there is one',
  )
  .option('--dialogs <n>', 'dialogs held at once', '10000')
  .option('--cps <list>', 'calls per second, tried one after the other', '100,200,300,400,500')
  .option('--profile <folder>', "node's CPU profiles of our server go there")
  .option('--json', 'one JSON on stdout instead of the table')
  .action(async (options: Options) => {
    const result = await bench(options);
    if (options.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    else printTable(result);
  })
  .parseAsync(process.argv);
