import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { ApiError, json, type LocalService, parseBody } from './api.ts';
import { FunctionPool, type FunctionSettings, type Invocation } from './function-pool.ts';
import type { Meter } from './meter.ts';
import type { Resource, Template } from './template.ts';
import { createPauses, type Pauses, type Timers } from './timers.ts';
import type { ToldMetrics } from './told-metrics.ts';

/** What Lambda does with an event that a function did not take (AWS::Lambda::EventInvokeConfig). */
interface AsyncPolicy {
  readonly retries: number;
  readonly maxAgeMs: number;
  readonly onFailure: string | undefined;
}

export interface Functions extends LocalService {
  readonly all: readonly FunctionPool[];
  byName(name: string): FunctionPool | undefined;
  byArn(arn: string): FunctionPool | undefined;
  /** Asynchronous invocation: Lambda has taken the event and tries by itself. Resolves when it succeeded or was given up. */
  invokeAsync(arn: string, event: unknown, trace?: string): Promise<void>;
  /** Invocations under way, those that wait for another try included. */
  readonly busy: number;
}

export interface FunctionsParts {
  readonly logger: Logger;
  /** Environment that Lambda gives a function of this role: region, credentials, endpoint. */
  readonly environment: (role: string) => Readonly<Record<string, string>>;
  /** False: there is no such queue, or whoever holds the key may not send to it. */
  readonly toQueue: (arn: string, body: string, accessKey: string) => boolean;
  /** First wait before Lambda tries again, ms; AWS waits a minute, then two. */
  readonly retryMs: number;
  readonly timers: Timers;
  readonly meter: Meter | undefined;
  readonly told: ToldMetrics;
}

/** Enough to overlap waits, few enough for a laptop, however many the account reserves. */
const MOST_INSTANCES = 4;

export function createFunctions(parts: FunctionsParts): Functions {
  const { logger, environment, retryMs, timers, meter, told } = parts;
  const pools = new Map<string, FunctionPool>();
  const policies = new Map<string, AsyncPolicy>();
  const pauses = createPauses(timers);
  const byArn = (arn: string) => [...pools.values()].find(({ settings }) => settings.arn === arn);

  let busy = 0;
  const during = (work: Promise<Invocation>) => {
    busy += 1;
    return work.finally(() => {
      busy -= 1;
    });
  };

  return {
    name: 'Lambda',
    target: '/2015-03-31/functions/',
    emulates: ['AWS::Lambda::Function', 'AWS::Lambda::EventInvokeConfig', 'AWS::Lambda::Permission'],
    get all() {
      return [...pools.values()];
    },
    get busy() {
      return busy;
    },
    byName: (name) => pools.get(name),
    byArn,
    async start(template) {
      for (const resource of ofType(template, 'AWS::Lambda::Function')) {
        const role = String(resource.properties['Role'] ?? '');
        const settings = settingsOf(resource, template, environment(role));
        pools.set(settings.name, new FunctionPool(settings, logger, told, meter));
      }
      for (const { properties } of ofType(template, 'AWS::Lambda::EventInvokeConfig')) {
        policies.set(String(properties['FunctionName']), policyOf(properties));
      }
    },
    async invokeAsync(arn, event, trace) {
      const pool = byArn(arn);
      if (!pool) throw new Error(`no function has the ARN ${arn}`);
      const policy = policies.get(pool.settings.name) ?? policyOf({});
      const invocation = await during(
        invokeWithRetries(pool, { event, trace }, policy, { retryMs, timers, pauses }),
      );
      if (invocation.ok) return;
      const kept = keep(parts, pool, policy, JSON.stringify(failureRecord(pool, event, invocation)));
      logger.error({ function: pool.settings.name, ...invocation, kept }, 'a function failed for good');
    },
    needs: ({ url }) => invoking(pools.get(functionNamed(url))),
    async handle(call) {
      const name = functionNamed(call.url);
      const pool = pools.get(name) ?? byArn(name);
      if (!pool) throw new ApiError('ResourceNotFoundException', `there is no function ${name}`, 404);
      const event = call.body.length > 0 ? parseBody<unknown>(call) : {};
      if (call.headers['x-amz-invocation-type'] === 'Event') {
        void this.invokeAsync(pool.settings.arn, event);
        return { status: 202, body: '' };
      }
      const invocation = await during(pool.invoke(event));
      if (invocation.ok) return json(invocation.result);
      return { ...json(errorOf(invocation)), headers: { 'X-Amz-Function-Error': 'Unhandled' } };
    },
    async [Symbol.asyncDispose]() {
      pauses.end();
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}

const invoking = (pool: FunctionPool | undefined) =>
  pool ? [{ action: 'lambda:InvokeFunction', resource: pool.settings.arn }] : [];

/** In the name of the function's role. */
function keep(
  { toQueue }: FunctionsParts,
  { settings }: FunctionPool,
  { onFailure }: AsyncPolicy,
  body: string,
) {
  const key = settings.environment['AWS_ACCESS_KEY_ID'] ?? '';
  return onFailure !== undefined && toQueue(onFailure, body, key);
}

const functionNamed = (url: string) =>
  /^\/2015-03-31\/functions\/([^/]+)\/invocations/.exec(decodeURIComponent(url))?.[1] ?? '';

type Waits = Pick<FunctionsParts, 'retryMs' | 'timers'> & { readonly pauses: Pauses };

async function invokeWithRetries(
  pool: FunctionPool,
  { event, trace }: { readonly event: unknown; readonly trace: string | undefined },
  policy: AsyncPolicy,
  waits: Waits,
): Promise<Invocation> {
  const { retryMs, timers, pauses } = waits;
  const until = timers.now() + policy.maxAgeMs;
  for (let attempt = 0; ; attempt += 1) {
    const invocation = await pool.invoke(event, trace);
    const wait = retryMs * 2 ** attempt;
    if (invocation.ok || attempt >= policy.retries || timers.now() + wait > until) return invocation;
    if (!(await pauses.pause(wait))) return invocation;
  }
}

function policyOf(properties: Record<string, unknown>): AsyncPolicy {
  const destination = properties['DestinationConfig'] as { OnFailure?: { Destination: string } } | undefined;
  return {
    retries: Number(properties['MaximumRetryAttempts'] ?? 2),
    maxAgeMs: Number(properties['MaximumEventAgeInSeconds'] ?? 21_600) * 1000,
    onFailure: destination?.OnFailure?.Destination,
  };
}

const ofType = (template: Template, type: string) =>
  template.resources.filter((resource) => resource.type === type);

function settingsOf(
  { logicalId, properties }: Resource,
  template: Template,
  environment: Readonly<Record<string, string>>,
): FunctionSettings {
  const name = String(properties['FunctionName'] ?? logicalId);
  const { S3Key = '' } = (properties['Code'] ?? {}) as { S3Key?: string };
  const [module = 'index', handler = 'handler'] = String(properties['Handler']).split('.');
  const folder = template.asset(S3Key.replace(/\.zip$/, ''));
  const file = ['mjs', 'js', 'cjs']
    .map((ending) => join(folder, `${module}.${ending}`))
    .find((path) => existsSync(path));
  if (!file)
    throw new Error(`the bundle of function ${name} has no ${module}.mjs or ${module}.js in ${folder}`);
  const { Variables = {} } = (properties['Environment'] ?? {}) as { Variables?: Record<string, string> };
  const memoryMb = Number(properties['MemorySize'] ?? 128);
  return {
    name,
    arn: `arn:aws:lambda:${environment['AWS_REGION']}:${environment['LOCAL_ACCOUNT_ID']}:function:${name}`,
    file,
    handler,
    environment: {
      ...environment,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
      ...Variables,
    },
    timeoutMs: Number(properties['Timeout'] ?? 3) * 1000,
    memoryMb,
    concurrency: Math.min(
      Number(properties['ReservedConcurrentExecutions'] ?? MOST_INSTANCES),
      MOST_INSTANCES,
    ),
  };
}

const errorOf = ({ ok: _ok, ...error }: Invocation & { ok: false }) => error;

const failureRecord = (
  { settings }: FunctionPool,
  event: unknown,
  invocation: Invocation & { ok: false },
) => ({
  version: '1.0',
  timestamp: new Date().toISOString(),
  requestContext: { functionArn: `${settings.arn}:$LATEST`, condition: 'RetriesExhausted' },
  requestPayload: event,
  responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  responsePayload: errorOf(invocation),
});
