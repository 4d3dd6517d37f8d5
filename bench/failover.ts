import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { edgeLostBoundSeconds, Settings } from '../lib/settings.ts';
import { callsWithGaps, judgeStrike, type StrikeFigures, type StruckAt } from './failover/judge.ts';
import { type Load, startLoad } from './failover/load.ts';
import { NUMBER, raiseStage, type Stage } from './failover/stage.ts';
import { type Strike, strikesOn } from './failover/strikes.ts';
import { printStrikes } from './failover/table.ts';

export interface FailoverResult {
  readonly sipServer: string;
  readonly perSecond: number;
  readonly holdMs: number;
  /** Calls placed in all, and those that no strike's window has. */
  readonly calls: number;
  /** Calls that each edge took, and how many of them the control plane decided. */
  readonly byEdge: Readonly<Record<string, { readonly calls: number; readonly decidedLive: number }>>;
  readonly strikes: readonly StrikeFigures[];
  /** What must be 0: calls lost after a bound, calls whose events have a gap, calls that the record still has up. */
  readonly lostAfterBound: number;
  readonly gaps: number;
  readonly leftUp: number;
}

interface Options {
  readonly rate: number;
  readonly hold: number;
  readonly after: number;
  readonly probe: number;
  readonly edgeLostAfter: number;
  readonly reaper: boolean;
  readonly only?: readonly string[];
  readonly json?: boolean;
}

const say = (text: string) => void process.stderr.write(`${text}\n`);

async function failover(options: Options): Promise<FailoverResult> {
  const holdMs = options.hold * 1_000;
  await using stage = await raiseStage({
    ...{ probeSeconds: options.probe, edgeLostAfterSeconds: options.edgeLostAfter },
    drainSeconds: options.hold + 30,
    onStep: say,
  });
  await using load = await startLoad({
    ...{ via: stage.dispatcher.sip, from: '127.0.0.1', number: NUMBER },
    ...{ perSecond: options.rate, holdMs },
  });
  // So that calls of every age are up when the first part goes.
  await sleep(holdMs + 1_000);
  const struck: StruckAt[] = [];
  const wanted = strikesOn(stage).filter(({ name }) => !options.only || options.only.includes(name));
  for (const strike of wanted) {
    const previous = struck.at(-1);
    const now = await strikeOnce(stage, strike, options);
    if (previous) struck[struck.length - 1] = { ...previous, until: now.at };
    struck.push(now);
  }
  // Awaited here: what is `using` above must outlive it.
  return await resultOf(stage, load, struck, options);
}

async function strikeOnce(stage: Stage, strike: Strike, options: Options): Promise<StruckAt> {
  const { name, boundMs, killedEdge } = strike;
  const at = Date.now();
  await strike.strike();
  const detectedAt = await strike.detected(at);
  say(`${name}: gone, and known to be after ${((detectedAt - at) / 1_000).toFixed(1)} s`);
  await sleep(Math.max(0, at + boundMs - Date.now()) + options.after * 1_000);
  const waits = killedEdge?.staysDead && options.reaper;
  if (waits) await reaped(stage, killedEdge.id, at);
  const backAt = Date.now();
  await strike.restore(backAt);
  if (killedEdge && !waits) await reaped(stage, killedEdge.id, at);
  say(`${name}: back`);
  await sleep(1_000);
  const endedBoundMs = edgeLostBoundSeconds({ edgeLostAfterSeconds: options.edgeLostAfter }) * 1_000;
  return {
    ...{ name, boundMs, at, detectedAt, until: Number.POSITIVE_INFINITY },
    ...(waits ? { endedBoundMs } : {}),
  };
}

/** Until the bus has an end for every call that the edge had when it was killed. */
async function reaped({ heard }: Stage, edgeId: string, at: number): Promise<void> {
  const upThen = () => {
    const ids = new Set<string>();
    for (const { event } of heard) {
      if (event.type === 'call.received' && event.edge.id === edgeId && Date.parse(event.time) <= at)
        ids.add(event.callId);
      if (event.type === 'call.ended') ids.delete(event.callId ?? '');
    }
    return ids.size;
  };
  say(`edge: ${upThen()} calls wait for the reaper`);
  while (upThen() > 0) await sleep(100);
}

async function resultOf(
  { env, heard }: Stage,
  load: Load,
  struck: readonly StruckAt[],
  { rate, hold }: Options,
): Promise<FailoverResult> {
  const invites = await load.finish();
  await env.settled();
  const strikes = struck.map((each) => judgeStrike(each, invites, heard));
  const byEdge: Record<string, { calls: number; decidedLive: number }> = {};
  for (const { id } of env.edges) byEdge[id] = { calls: 0, decidedLive: 0 };
  for (const { event } of heard) {
    const ofEdge = event.edge && byEdge[event.edge.id];
    if (ofEdge && event.type === 'call.received') ofEdge.calls += 1;
    if (ofEdge && event.type === 'call.routed' && event.source === 'live') ofEdge.decidedLive += 1;
  }
  const states = await env.calls();
  return {
    ...{
      sipServer: env.sipServer.kind,
      perSecond: rate,
      holdMs: hold * 1_000,
      calls: invites.length,
      byEdge,
    },
    strikes,
    lostAfterBound: strikes.reduce((sum, { after }) => sum + after.lost, 0),
    gaps: callsWithGaps(heard).length,
    leftUp: states.filter(({ phase }) => phase !== 'ended').length,
  };
}

const number = (text: string) => Number(text);

const command = new Command('bench:failover')
  .description(
    'takes a carrier, an rtpengine and an edge away under load, one after the other, and drains an edge',
  )
  .option('--rate <n>', 'calls per second', number, 10)
  .option('--hold <s>', 'how long each call lasts', number, 5)
  .option('--after <s>', 'load after each bound, before the part is given back', number, 10)
  .option('--probe <s>', 'OPTIONS of an edge to each carrier', number, 5)
  .option(
    '--edge-lost-after <s>',
    'age at which a heartbeat is too old',
    number,
    Settings.parse({}).edgeLostAfterSeconds,
  )
  .option(
    '--no-reaper',
    'start the killed edge anew instead of waiting until its calls have ended in the record',
  )
  .option('--only <names...>', 'of carrier, rtpengine, edge, machine and drain; all of them without it')
  .option('--json', 'one JSON on stdout instead of the table')
  .addHelpText('after', '\nExit code 1: a call was lost after a bound, or the record is not complete.')
  .action(async (options: Options) => {
    const result = await failover(options);
    if (options.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    else printStrikes(result);
    const { calls, lostAfterBound, gaps, leftUp } = result;
    if (calls === 0 || lostAfterBound + gaps + leftUp > 0) process.exitCode = 1;
  });

await command.parseAsync(process.argv);
