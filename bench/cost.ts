import { Command } from 'commander';
import { ulid } from 'ulid';
import { DevEnv } from '../local/dev-env.ts';
import { freePort } from '../local/free-ports.ts';
import { tone } from '../local/phone/audio.ts';
import { startCarrier } from '../local/phone/carrier.ts';
import { sayOnBus } from '../test/e2e/say-on-bus.ts';
import { type Counts, countsBetween, dollarsPerMillion, readPrices, sumOf } from './bill.ts';

/** DESIGN's target for the control plane of an ordinary call. */
const MOST_DOLLARS = 25;
const HOURS_OF_A_MONTH = 730;

const numbers = {
  plain: '+15550101',
  failover: '+15550102',
  collecting: '+15550103',
  nobody: '+15559999',
} as const;

interface Kind {
  readonly name: string;
  readonly what: string;
  readonly place: (env: DevEnv) => Promise<unknown>;
}

const talk = { audio: tone(440, 1_000), talkMs: 1_500 };

/** What the bill of a call depends on: what happens in it, and hardly how long it lasts. */
const kinds: readonly Kind[] = [
  {
    name: 'plain',
    what: 'answered, talked, hung up by the caller',
    place: (env) => env.call({ ...talk, to: numbers.plain }),
  },
  {
    name: 'digits',
    what: 'the same, four keys pressed',
    place: (env) => env.call({ ...talk, to: numbers.plain, digits: '1234', talkMs: 3_000 }),
  },
  {
    name: 'collection',
    what: 'the agent has four digits collected',
    place: (env) => env.call({ ...talk, to: numbers.collecting, digits: '1234', talkMs: 3_000 }),
  },
  {
    name: 'failover',
    what: 'the first target refuses with 503, the second takes the call',
    place: (env) => env.call({ ...talk, to: numbers.failover }),
  },
  {
    name: 'refused',
    what: 'the number leads nowhere: 404',
    place: (env) => env.call({ to: numbers.nobody, script: { expect: 404 } }),
  },
  { name: 'command', what: 'answered, then hung up by call.hangup', place: hungUpByCommand },
];

async function hungUpByCommand(env: DevEnv): Promise<void> {
  const before = env.events('call.answered').length;
  const placed = env.call({ to: numbers.plain, talkMs: 'until hung up' });
  const answered = async () => {
    for (;;) {
      const event = env.events('call.answered')[before];
      if (event) return event.detail as { readonly callId: string };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const { callId } = await answered();
  await sayOnBus(env, 'call.hangup', { version: 1, id: ulid(), type: 'call.hangup', callId });
  await placed;
}

interface Options {
  readonly calls: string;
  readonly idle: string;
  readonly prices: string;
  readonly json?: boolean;
}

const say = (text: string) => void process.stderr.write(`${text}\n`);

async function bench(calls: number, idleSeconds: number) {
  const [good, bad] = [await freePort(), await freePort()];
  await using _good = await startCarrier(good);
  await using refusing = await startCarrier(bad);
  refusing.refuses(503);
  const uri = `sip:agent@127.0.0.1:${good}`;
  await using env = await DevEnv.create({
    config: {
      version: 1,
      trunks: { carrier: { sources: ['127.0.0.0/8'] } },
      numbers: {
        [numbers.plain]: { agent: 'one' },
        [numbers.failover]: { agent: 'two' },
        [numbers.collecting]: { agent: 'three' },
      },
      agents: {
        one: { targets: [{ uri }] },
        two: {
          targets: [
            { uri: `sip:agent@127.0.0.1:${bad}`, priority: 1 },
            { uri, priority: 2 },
          ],
        },
        three: { targets: [{ uri }], collect: 'pin' },
      },
      collections: { pin: { maxLength: 4 } },
    },
    edge: 'process',
    metered: true,
    onStep: (step, ms) => say(`${step} (${Math.round(ms)} ms)`),
  });
  // Loads of the first calls are of the start, and not of a call.
  await env.call({ ...talk, to: numbers.plain });
  await env.settled();
  const rows = [];
  for (const { name, what, place } of kinds) {
    say(`${name}: ${calls} calls`);
    const before = env.cloud.bill();
    for (let call = 0; call < calls; call += 1) await place(env);
    await env.settled();
    rows.push({ name, what, counts: countsBetween(before, env.cloud.bill(), calls) });
  }
  say(`idle: ${idleSeconds} s`);
  const before = env.cloud.bill();
  await new Promise((resolve) => setTimeout(resolve, idleSeconds * 1000));
  const perHour = countsBetween(before, env.cloud.bill(), idleSeconds / 3600);
  return { rows, perHour };
}

const columns = [
  ...['$ / million', 'events', 'runs', 'GB-s', 'SDK calls', 'traces'],
  ...['writes', 'index', 'reads', 'queue', 'log KB'],
];

function line(name: string, dollars: number, counts: Counts): string {
  const { events, runs, gbSeconds, sdkCalls, tracesTold, tracesBegun, logBytes } = counts;
  const { writeUnits, indexWriteUnits, readUnits, queueRequests } = counts;
  const functions = [events, runs, gbSeconds, sdkCalls, tracesTold + tracesBegun];
  const cells = [dollars, ...functions, writeUnits, indexWriteUnits, readUnits, queueRequests];
  const texts = [...cells, logBytes / 1024].map((cell, index) => cell.toFixed(index === 3 ? 4 : 2));
  return [name.padEnd(12), ...texts.map((text) => text.padStart(11))].join(' ');
}

const heading = ['call'.padEnd(12), ...columns.map((column) => column.padStart(11))].join(' ');

await new Command('bench:cost')
  .description(
    'what the control plane of a call costs: counts of real calls on this machine, times the prices of AWS',
  )
  .option('--calls <n>', 'calls of each kind', '10')
  .option('--idle <seconds>', 'how long to watch an edge without calls', '60')
  .option(
    '--prices <file>',
    'prices, as in bench/prices.yaml',
    new URL('./prices.yaml', import.meta.url).pathname,
  )
  .option('--json', 'one JSON on stdout instead of the table')
  .action(async ({ calls, idle, prices: file, json }: Options) => {
    const prices = readPrices(file);
    const { rows, perHour } = await bench(Number(calls), Number(idle));
    const priced = rows.map((row) => {
      const parts = dollarsPerMillion(row.counts, prices);
      return { ...row, parts, dollarsPerMillion: sumOf(parts) };
    });
    const idleDollars = (sumOf(dollarsPerMillion(perHour, prices)) / 1e6) * HOURS_OF_A_MONTH;
    const plain = priced[0]?.dollarsPerMillion ?? Number.POSITIVE_INFINITY;
    if (plain > MOST_DOLLARS) process.exitCode = 1;
    if (json) {
      const result = { prices, calls: priced, idleEdgeDollarsPerMonth: idleDollars, atMost: MOST_DOLLARS };
      process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
      return;
    }
    const parts = Object.entries(priced[0]?.parts ?? {}).map(([name, cost]) => `${name} ${cost.toFixed(2)}`);
    process.stdout.write(
      [
        heading,
        ...priced.map((row) => line(row.name, row.dollarsPerMillion, row.counts)),
        '',
        ...priced.map(({ name, what }) => `${name}: ${what}`),
        '',
        `A plain call, by service: ${parts.join(', ')}; ${plain.toFixed(2)} of at most ${MOST_DOLLARS}: ${plain <= MOST_DOLLARS ? 'held' : 'missed'}`,
        `An edge without calls: $${idleDollars.toFixed(2)} a month`,
        `Prices of ${prices.region}: ${file}. GB-s are the time of the functions on this machine, each run in whole ms; Lambda is priced with ${prices.lambda.regionMsPerSdkCall} ms more for each SDK call.`,
        `Of the traces that come with calls ${prices.xray.tracedShare * 100} % are kept, of those that functions begin all. Not counted: storage, metrics, the instances and their traffic.`,
        '',
      ].join('\n'),
    );
  })
  .parseAsync(process.argv);
