import pino, { type Logger } from 'pino';
import { type LocalService, openDoor } from './api.ts';
import type { BusEvent } from './bus-entry.ts';
import { createEventBus } from './event-bus.ts';
import { compilePattern } from './event-pattern.ts';
import { type Faults, noFaults } from './faults.ts';
import { claimFolder } from './folder-claim.ts';
import { createFunctions } from './functions.ts';
import { createAuthorizer, type Grant, OPERATOR_KEY } from './iam/authorizer.ts';
import { reportUse } from './iam/use-report.ts';
import { createMeter, type Metered } from './meter.ts';
import { createQueues } from './queues.ts';
import { createSecrets } from './secrets.ts';
import { createTables } from './tables.ts';
import { type Resource, readTemplate, type Template } from './template.ts';
import { systemTimers, type Timers } from './timers.ts';
import { createToldMetrics } from './told-metrics.ts';

export type { BusEvent } from './bus-entry.ts';

export interface LocalCloudOptions {
  /** The folders that `cdk synth` wrote, in the order in which they are deployed. */
  readonly assemblies: readonly string[];
  /** On loopback; 0, the default, lets the system choose. */
  readonly port?: number;
  /** Keeps the tables there; without it they live in memory. */
  readonly dataDir?: string;
  readonly logger?: Logger;
  readonly onEvent?: (event: BusEvent) => void;
  /** First wait before a failed delivery is tried again, ms. */
  readonly retryMs?: number;
  /** What Secrets Manager holds at the start, by the names of the secrets. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Counts what AWS would bill; each request takes a little longer for it. */
  readonly metered?: boolean;
  /** Time of queues, retries and schedules; time-outs of functions are by the wall clock always. */
  readonly timers?: Timers;
}

export interface LocalCloud extends AsyncDisposable {
  readonly endpoint: string;
  /** Environment with which any AWS SDK client talks to this cloud. */
  readonly env: Readonly<Record<string, string>>;
  /** Outputs of the stacks. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Resources of the template that nothing here stands for. */
  readonly notEmulated: readonly { readonly logicalId: string; readonly type: string }[];
  readonly faults: Faults;
  /** What this cloud was asked for, for a guess of the cost: events, invocations, requests of tables. */
  usage(): { events: number; invocations: number; tables: Readonly<Record<string, number>> };
  /** Access key of a role, or of a managed policy as if it were one, by its ARN. */
  accessKeyOf(arn: string): string;
  /** What roles and policies may do, and what of it was ever done. */
  grants(): readonly Grant[];
  /** What AWS would bill so far. Only where it is `metered`. */
  bill(): Metered;
  /** Events put on a bus, oldest first; those that match, if a pattern is given. */
  events(pattern?: unknown): BusEvent[];
  queueDepth(name: string): { ready: number; inFlight: number; delayed: number } | undefined;
  /** Bodies in a queue. */
  queueMessages(name: string): readonly string[];
  /** Names of the queues. */
  readonly queues: readonly string[];
  invoke(functionName: string, event: unknown): Promise<unknown>;
  /** Starts an instance of each function before it is needed. */
  warm(): void;
  /** Makes a function slow. */
  delayFunction(namePart: string, ms: number): void;
  /** Runs a scheduled rule now; the part of a name is enough. */
  fire(rule: string): void;
  /** Resolves when no delivery and no invocation is under way or waits for another try. */
  settled(): Promise<void>;
}

const region = 'local-1';
const accountId = '000000000000';

/** Types that mean nothing on one machine, so that leaving them out changes no behaviour. */
const nothingToEmulate = /^(AWS::IAM::|AWS::Logs::|AWS::CDK::|AWS::CloudWatch::|AWS::Events::Archive$)/;

/** Boots the very template that is deployed. What has no stand-in here is said aloud, never pretended. */
export async function bootLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const logger = options.logger ?? pino({ level: 'silent' });
  const faults = noFaults();
  const place = { region, accountId, endpoint: '' };
  const owned: AsyncDisposable[] = options.dataDir === undefined ? [] : [await claimFolder(options.dataDir)];
  const stop = async () => {
    reportUse(emulators.authorizer.grants());
    for (const part of owned.splice(0).reverse()) await part[Symbol.asyncDispose]();
  };
  const emulators = createEmulators({ ...options, logger, faults, place });
  const { meter, authorizer, ...served } = emulators;
  const services: readonly LocalService[] = Object.values(served);
  owned.push(...services);
  const start = async () => {
    const door = await openDoor(services, options.port ?? 0, (key, needs) => {
      authorizer.check(key, needs);
      const caller = meter && emulators.functions.all.find(({ accessKey }) => accessKey === key);
      if (caller) meter.sdkCall(caller.settings.name);
    });
    owned.push(door);
    place.endpoint = door.endpoint;
    const read = readTemplate(options.assemblies, place);
    authorizer.start(read);
    for (const service of services) await service.start(read);
    await emulators.tables.create(door.endpoint);
    return read;
  };
  const template = await start().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const notEmulated = whatIsMissing(template, services);
  for (const resource of notEmulated) logger.warn(resource, 'not emulated on this machine');

  return {
    ...viewOf(emulators),
    endpoint: place.endpoint,
    env: clientEnvironment(place.endpoint),
    outputs: template.outputs,
    notEmulated,
    faults,
    fire: (rule) => emulators.bus.fire(ruleNamed(template, rule)),
    [Symbol.asyncDispose]: stop,
  };
}

type Place = { readonly region: string; readonly accountId: string; endpoint: string };
type Emulators = ReturnType<typeof createEmulators>;

/** The services, joined to one another, in the order in which they start. */
function createEmulators(parts: LocalCloudOptions & { logger: Logger; faults: Faults; place: Place }) {
  const { logger, faults, retryMs = 100, timers = systemTimers, onEvent = () => {} } = parts;
  const place = () => parts.place;
  const authorizer = createAuthorizer((what) => logger.warn(what));
  const meter = parts.metered ? createMeter() : undefined;
  const tables = createTables(parts.dataDir, faults, meter);
  const queues = createQueues(place, timers, meter);
  const secrets = createSecrets({ place, faults, initial: parts.secrets ?? {} });
  const toQueue = (arn: string, body: string, attributes?: Record<string, unknown>) =>
    queues.byArn(arn)?.send(body, attributes) !== undefined;
  const environment = (role: string) => ({
    ...clientEnvironment(parts.place.endpoint),
    AWS_ACCESS_KEY_ID: authorizer.keyOf(role),
  });
  const inTheNameOf = (arn: string, body: string, accessKey: string) =>
    authorizer.allows(accessKey, { action: 'sqs:SendMessage', resource: arn }) && toQueue(arn, body);
  const told = createToldMetrics(() =>
    queues.all.map(({ settings: { name }, depth }) => ({ name, depth: depth.ready })),
  );
  const lambda = { told, environment, toQueue: inTheNameOf, retryMs, timers, meter };
  const functions = createFunctions({ logger, ...lambda });
  const deliver = async (arn: string, event: unknown, trace?: string) => {
    if (!functions.byArn(arn)) return toQueue(arn, JSON.stringify(event));
    await functions.invokeAsync(arn, event, trace);
    return true;
  };
  const bus = createEventBus({ place, faults, logger, onEvent, deliver, toQueue, retryMs, timers, meter });
  return { tables, queues, secrets, functions, bus, told, meter, authorizer };
}

type View = Omit<
  LocalCloud,
  'endpoint' | 'env' | 'outputs' | 'notEmulated' | 'faults' | 'fire' | typeof Symbol.asyncDispose
>;

/** What tests and the command line see and do from outside. */
function viewOf({ tables, queues, functions, bus, meter, authorizer }: Emulators): View {
  let running = 0;
  return {
    usage: () => ({
      events: bus.history.length,
      invocations: functions.all.reduce((sum, { invocations }) => sum + invocations, 0),
      tables: { ...tables.requests },
    }),
    accessKeyOf: (arn) => authorizer.keyOf(arn),
    grants: () => authorizer.grants(),
    bill() {
      if (meter) return meter.read();
      throw new Error('this cloud counts nothing: boot it with `metered: true`');
    },
    events(pattern) {
      const matches = pattern === undefined ? () => true : compilePattern(pattern);
      return bus.history.filter(matches);
    },
    queueDepth: (name) => queues.byName(name)?.depth,
    queueMessages: (name) => queues.byName(name)?.messages ?? [],
    queues: queues.all.map(({ settings }) => settings.name),
    async invoke(name, event) {
      const pool =
        functions.byName(name) ?? functions.all.find(({ settings }) => settings.name.includes(name));
      if (!pool) throw new Error(`there is no function ${name}`);
      running += 1;
      const invocation = await pool.invoke(event).finally(() => {
        running -= 1;
      });
      if (invocation.ok) return invocation.result;
      throw new Error(`${invocation.errorType}: ${invocation.errorMessage}`);
    },
    warm() {
      for (const pool of functions.all) pool.warm();
    },
    delayFunction(namePart, ms) {
      for (const pool of functions.all) if (pool.settings.name.includes(namePart)) pool.delayMs = ms;
    },
    async settled() {
      // Two quiet looks in a row: a handler may have put an event in its last breath.
      for (let quiet = 0; quiet < 2; quiet = bus.busy + functions.busy + running === 0 ? quiet + 1 : 0) {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
  };
}

const clientEnvironment = (endpoint: string) => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: OPERATOR_KEY,
  AWS_SECRET_ACCESS_KEY: 'local',
  LOCAL_ACCOUNT_ID: accountId,
  // In the cloud the functions run on Node 22.
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
});

function whatIsMissing(template: Template, services: readonly LocalService[]) {
  const known = new Set(services.flatMap(({ emulates }) => emulates));
  return template.resources
    .filter(({ type }) => !known.has(type) && !nothingToEmulate.test(type))
    .filter((resource) => !isForAlarmsAlone(resource, template))
    .map(({ logicalId, type }) => ({ logicalId, type }));
}

/** There is no alarm on this machine; a topic that functions publish to would be missed. */
function isForAlarmsAlone({ type, arn }: Resource, { resources }: Template): boolean {
  if (type === 'AWS::SNS::TopicPolicy' || type === 'AWS::SNS::Subscription') return true;
  if (type !== 'AWS::SNS::Topic') return false;
  const naming = resources.filter(({ properties }) => JSON.stringify(properties).includes(arn));
  return naming.length > 0 && naming.every((each) => /^AWS::(CloudWatch|SNS)::/.test(each.type));
}

function ruleNamed(template: Template, part: string): string {
  const rule = template.resources.find(
    ({ type, logicalId, properties }) =>
      type === 'AWS::Events::Rule' && properties['ScheduleExpression'] && logicalId.includes(part),
  );
  return rule ? String(rule.properties['Name'] ?? rule.logicalId) : part;
}
