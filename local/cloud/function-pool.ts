import { randomBytes, randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { Meter } from './meter.ts';
import type { ToldMetrics } from './told-metrics.ts';

export interface FunctionSettings {
  readonly name: string;
  readonly arn: string;
  /** The bundle, and the name of its export. */
  readonly file: string;
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  /** Invocations at one time. */
  readonly concurrency: number;
}

export type Invocation =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly errorType: string; readonly errorMessage: string };

interface Waiting {
  readonly event: unknown;
  /** As X-Amzn-Trace-Id writes it. */
  readonly trace: string;
  readonly done: (invocation: Invocation) => void;
}

interface Instance {
  readonly worker: Worker;
  /** The bundle is loaded. */
  warm: boolean;
  /** When its job began, ms of the process. */
  began?: number;
  /** Ends the instance when loading or handling takes too long. */
  timer?: NodeJS.Timeout;
  job?: Waiting;
}

/** Loading has a limit of its own and does not count against the time-out of the first invocation, as in Lambda. */
const INIT_MS = 10_000;

const host = new URL('./function-host.mjs', import.meta.url);

const stopped: Invocation = { ok: false, errorType: 'Stopped', errorMessage: 'the local cloud stops' };

const random = (digits: number) => randomBytes(digits / 2).toString('hex');

/** Lambda begins a trace for an invocation that comes without one. */
const aTrace = () =>
  `Root=1-${Math.floor(Date.now() / 1000)
    .toString(16)
    .padStart(8, '0')}-${random(24)};Sampled=0`;

/** What a function finds: the trace that came, with the segment of its own invocation as parent. */
const withParent = (trace: string) =>
  [...trace.split(';').filter((part) => !part.startsWith('Parent=')), `Parent=${random(16)}`].join(';');

/** One function: worker threads that take one invocation at a time, kept warm, with the function's own environment. */
export class FunctionPool {
  readonly settings: FunctionSettings;
  readonly #logger: Logger;
  readonly #meter: Meter | undefined;
  readonly #told: ToldMetrics;
  readonly #instances = new Set<Instance>();
  readonly #idle: Instance[] = [];
  readonly #waiting: Waiting[] = [];
  #closed = false;
  /** Added to every invocation, ms: makes a handler slow on purpose. */
  delayMs = 0;
  invocations = 0;

  constructor(settings: FunctionSettings, logger: Logger, told: ToldMetrics, meter?: Meter) {
    this.settings = settings;
    this.#told = told;
    this.#meter = meter;
    this.#logger = logger.child({ function: settings.name });
  }

  /** In whose name it calls AWS. */
  get accessKey(): string | undefined {
    return this.settings.environment['AWS_ACCESS_KEY_ID'];
  }

  /** Starts an instance before it is needed, as provisioned concurrency does. */
  warm(): void {
    const instance = this.#coldStart();
    if (instance) this.#idle.push(instance);
  }

  /** Never rejects: what goes wrong inside is an invocation that failed. */
  invoke(event: unknown, told?: string): Promise<Invocation> {
    this.invocations += 1;
    this.#meter?.trace(told);
    const trace = told ?? aTrace();
    return new Promise((done) => {
      const start = () => {
        this.#waiting.push({ event, trace, done });
        this.#serve();
      };
      if (this.delayMs > 0) setTimeout(start, this.delayMs);
      else start();
    });
  }

  #serve(): void {
    if (this.#closed) {
      for (const { done } of this.#waiting.splice(0)) done(stopped);
    }
    while (this.#waiting.length > 0) {
      const instance = this.#idle.pop() ?? this.#coldStart();
      if (!instance) return;
      const next = this.#waiting.shift();
      if (next) this.#run(instance, next);
    }
  }

  #coldStart(): Instance | undefined {
    if (this.#instances.size >= this.settings.concurrency) return undefined;
    const { file, handler, environment } = this.settings;
    const workerData = { file, name: handler };
    const worker = new Worker(host, {
      env: { ...environment },
      workerData,
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    const instance: Instance = { worker, warm: false };
    this.#instances.add(instance);
    for (const stream of [worker.stdout, worker.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.#meter?.log(this.settings.name, Buffer.byteLength(line));
        this.#told.log(line);
        this.#logger.debug(line);
      });
    }
    worker.on(
      'message',
      (message: { ready?: true; result?: unknown; error?: { errorType: string; errorMessage: string } }) => {
        if (message.ready) return this.#warmedUp(instance);
        this.#finish(
          instance,
          message.error ? { ok: false, ...message.error } : { ok: true, result: message.result },
        );
      },
    );
    worker.on('error', (error) => this.#died(instance, error.name, error.message));
    worker.on('exit', (code) =>
      this.#died(instance, 'Runtime.ExitError', `the function exited with code ${code}`),
    );
    return instance;
  }

  #run(instance: Instance, job: Waiting): void {
    instance.job = job;
    if (instance.warm) this.#begin(instance, job);
    else this.#limit(instance, INIT_MS);
  }

  #warmedUp(instance: Instance): void {
    instance.warm = true;
    if (instance.job) this.#begin(instance, instance.job);
  }

  #begin(instance: Instance, { event, trace }: Waiting): void {
    const { name, arn, timeoutMs, memoryMb } = this.settings;
    this.#limit(instance, timeoutMs);
    instance.began = performance.now();
    const context = {
      functionName: name,
      functionVersion: '$LATEST',
      invokedFunctionArn: arn,
      awsRequestId: randomUUID(),
      memoryLimitInMB: String(memoryMb),
      callbackWaitsForEmptyEventLoop: true,
      deadline: Date.now() + timeoutMs,
    };
    instance.worker.postMessage({ id: context.awsRequestId, event, context, trace: withParent(trace) });
  }

  #limit(instance: Instance, ms: number): void {
    clearTimeout(instance.timer);
    const message = `Task timed out after ${(ms / 1000).toFixed(2)} seconds`;
    instance.timer = setTimeout(() => this.#died(instance, 'Sandbox.Timedout', message), ms);
  }

  #finish(instance: Instance, invocation: Invocation): void {
    if (!instance.job) return;
    clearTimeout(instance.timer);
    const { done } = instance.job;
    const { name, memoryMb } = this.settings;
    const ms = performance.now() - (instance.began ?? 0);
    this.#meter?.run(name, ms, memoryMb);
    this.#told.run(name, ms, invocation.ok);
    delete instance.job;
    this.#idle.push(instance);
    done(invocation);
    this.#serve();
  }

  /** A thread that threw outside a handler, left or took too long is gone; whoever waited is told. */
  #died(instance: Instance, errorType: string, errorMessage: string): void {
    if (!this.#instances.delete(instance)) return;
    void instance.worker.terminate();
    const at = this.#idle.indexOf(instance);
    if (at >= 0) this.#idle.splice(at, 1);
    clearTimeout(instance.timer);
    if (!this.#closed) this.#logger.error({ errorType, errorMessage }, 'a function instance ended');
    const ms = instance.began === undefined ? 0 : performance.now() - instance.began;
    if (instance.job) this.#told.run(this.settings.name, ms, false);
    instance.job?.done({ ok: false, errorType, errorMessage });
    this.#serve();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#serve();
    await Promise.all([...this.#instances].map(({ worker }) => worker.terminate()));
  }
}
