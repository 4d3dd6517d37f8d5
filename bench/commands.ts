import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { Command } from 'commander';
import { ulid } from 'ulid';
import type { TrunklineEvent } from '../contracts/events.ts';
import { DevEnv } from '../local/dev-env.ts';
import { percentile } from './process-usage.ts';
import { type RawPhone, startRawPhone } from './raw-phone.ts';

/** From bus to edge in the cloud, warm: 185 ms at the median, 530 ms at p99, as a lognormal distribution. */
const CLOUD = { medianMs: 185, sigma: Math.log(530 / 185) / 2.326 } as const;

/** A command of which nothing was heard by then counts as failed, ms. */
const GIVEN_UP_AFTER_MS = 20_000;

interface Options {
  readonly calls: number;
  readonly rate: number;
  readonly json?: boolean;
}

/** ms from putting the command to the 200 of the bus, to command.applied heard on the bus, and to the BYE on the wire. */
interface Measured {
  readonly wire: number;
  readonly applied: number;
}

interface Stage {
  readonly env: DevEnv;
  readonly phone: RawPhone;
  readonly bus: (type: string, callId: string, fields?: object) => Promise<string>;
  /** Resolves with the moment of the event. */
  readonly heard: (type: TrunklineEvent['type'], id: string) => Promise<number>;
}

/** Each command ends a call of ours of which both sides are phones that answer at once. */
async function measure({ phone, bus, heard }: Stage, delayMs: () => number): Promise<Measured> {
  const callId = ulid();
  const up = heard('call.answered', callId);
  await bus('call.originate', callId, { to: { agent: 'phone' }, connect: { agent: 'phone' } });
  await up;
  const began = performance.now();
  await sleep(delayMs());
  const over = phone.hungUp(callId);
  const id = await bus('call.hangup', callId);
  const applied = (await heard('command.applied', id)) - began;
  return { wire: (await over) - began, applied };
}

async function run({ calls, rate }: Options, stage: Stage, delayMs: () => number): Promise<Measured[]> {
  const started = performance.now();
  const all: Promise<Measured | undefined>[] = [];
  const given = (ms: number) => sleep(ms, undefined, { ref: false });
  for (let call = 0; call < calls; call += 1) {
    await sleep(Math.max(0, started + (call * 1000) / rate - performance.now()));
    all.push(Promise.race([measure(stage, delayMs), given(GIVEN_UP_AFTER_MS)]));
  }
  return (await Promise.all(all)).filter((one) => one !== undefined);
}

async function raise(ears: Map<string, (at: number) => void>): Promise<Stage & AsyncDisposable> {
  const phone = await startRawPhone();
  const seen = new Map<string, number>();
  const env = await DevEnv.create({
    edge: 'process',
    config: {
      ...{ version: 1, trunks: { none: { sources: ['192.0.2.1/32'] } }, numbers: {} },
      agents: { phone: { targets: [{ uri: `sip:raw@127.0.0.1:${phone.port}` }] } },
      policies: { default: { silence: { seconds: 3600, action: 'report', oneWaySeconds: 3600 } } },
    },
    onEvent({ detail }) {
      const event = detail as TrunklineEvent;
      const id = 'commandId' in event && event.type === 'command.applied' ? event.commandId : undefined;
      const key = `${event.type} ${id ?? ('callId' in event ? event.callId : '')}`;
      seen.set(key, performance.now());
      ears.get(key)?.(performance.now());
    },
  });
  const client = new EventBridgeClient({
    endpoint: env.cloud.endpoint,
    region: env.edgeEnvironment.AWS_REGION,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  return {
    ...{ env, phone },
    async bus(type, callId, fields = {}) {
      const id = ulid();
      const Detail = JSON.stringify({ version: 1, id, type, callId, ...fields });
      const entry = { Source: 'trunkline.client', DetailType: type, Detail };
      await client.send(
        new PutEventsCommand({ Entries: [{ ...entry, EventBusName: env.edgeEnvironment.TRUNKLINE_BUS }] }),
      );
      return id;
    },
    heard: (type, id) =>
      new Promise((resolve) => {
        const at = seen.get(`${type} ${id}`);
        if (at === undefined) ears.set(`${type} ${id}`, resolve);
        else resolve(at);
      }),
    async [Symbol.asyncDispose]() {
      client.destroy();
      await env[Symbol.asyncDispose]();
      await phone[Symbol.asyncDispose]();
    },
  };
}

/** Box and Muller's way to a normal distribution. */
function cloudDelay(): number {
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return CLOUD.medianMs * Math.exp(CLOUD.sigma * normal);
}

const figures = (values: readonly number[]) => ({
  p50: Math.round((percentile(values, 0.5) ?? 0) * 10) / 10,
  p99: Math.round((percentile(values, 0.99) ?? 0) * 10) / 10,
});

async function bench(options: Options): Promise<void> {
  await using stage = await raise(new Map());
  await run({ ...options, calls: 20 }, stage, () => 0);
  const local = await run(options, stage, () => 0);
  const cloud = await run(options, stage, cloudDelay);
  const result = {
    sipServer: stage.env.sipServer.kind,
    ...options,
    failed: 2 * options.calls - local.length - cloud.length,
    local: {
      wire: figures(local.map(({ wire }) => wire)),
      applied: figures(local.map((one) => one.applied)),
    },
    cloud: {
      wire: figures(cloud.map(({ wire }) => wire)),
      applied: figures(cloud.map((one) => one.applied)),
    },
  };
  if (options.json) return void process.stdout.write(`${JSON.stringify(result)}\n`);
  const row = (what: string, { p50, p99 }: ReturnType<typeof figures>) =>
    `  ${what.padEnd(52)} ${p50} / ${p99}`;
  process.stdout.write(
    [
      `call.hangup on the bus -> BYE on the wire, ms p50 / p99; ${options.calls} commands at ${options.rate}/s, ${result.failed} failed, ${result.sipServer} SIP server`,
      row('without the cloud', result.local.wire),
      row(`with its delays (${CLOUD.medianMs} / 530, drawn)`, result.cloud.wire),
      row('command.applied on the bus, without the cloud', result.local.applied),
      '',
    ].join('\n'),
  );
}

await new Command('bench:commands')
  .description('how long a command takes from the bus to its effect on the wire')
  .option('--calls <n>', 'commands of each run', Number, 100)
  .option('--rate <n>', 'commands a second', Number, 5)
  .option('--json', 'the result as JSON')
  .action(bench)
  .parseAsync();
