import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { AgentHappening } from '../contracts/agent-media/session.ts';
import type { MonotonicClock } from './ports.ts';
import type { FromThread, Order, Outcome, ThreadSettings } from './thread-messages.ts';

type Bare<T> = T extends Order ? Omit<T, 'number'> : never;

/** Threads that carry calls: each call lives whole in one of them, so that no frame crosses from one to another. */
export interface Threads extends AsyncDisposable {
  /** Never rejects. A session stays with the thread that opened it. */
  ask(order: Bare<Order>): Promise<Outcome>;
  readonly sessions: number;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, (outcome: Outcome) => void>;
  readonly sessions: Set<string>;
  readonly since: number;
}

export interface ThreadsOptions extends ThreadSettings {
  readonly threads: number;
  readonly onHappening: (sessionId: string, happening: AgentHappening) => void;
  readonly logger: Logger;
  readonly clock: MonotonicClock;
}

/** Before a thread that has died is replaced, ms; twice as long each time. One that was up for a while dies anew. */
const RESTART_MS = 100;
const LONGEST_RESTART_MS = 10_000;
const STEADY_MS = 60_000;

const DIED = 'the thread that carried the call has died';
const noThread: Outcome = {
  ok: false,
  fault: 'draining',
  message: 'no thread of this gateway is up: ask another one',
};
const noSession: Outcome = {
  ok: false,
  fault: 'disconnected',
  message: 'there is no such session any more',
};

/** @throws Error where a thread does not start. */
export async function startThreads(options: ThreadsOptions): Promise<Threads> {
  const pool = new Pool(options);
  try {
    await pool.start();
  } catch (error) {
    await pool[Symbol.asyncDispose]();
    throw error;
  }
  return pool;
}

class Pool implements Threads {
  readonly #options: ThreadsOptions;
  readonly #settings: ThreadSettings;
  /** Those that are up. */
  readonly #up = new Set<Thread>();
  readonly #workers = new Set<Worker>();
  readonly #restarts = new Set<() => void>();
  #isClosing = false;
  #number = 0;

  constructor(options: ThreadsOptions) {
    this.#options = options;
    const { threads: _, onHappening: __, logger: ___, clock: ____, ...settings } = options;
    this.#settings = settings;
  }

  get sessions(): number {
    return [...this.#up].reduce((sum, { sessions }) => sum + sessions.size, 0);
  }

  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.threads }, () => this.#start(0)));
  }

  async ask(order: Bare<Order>): Promise<Outcome> {
    const { sessionId, kind } = order;
    const thread =
      kind === 'open' ? this.#least() : [...this.#up].find(({ sessions }) => sessions.has(sessionId));
    if (!thread) return kind === 'open' ? noThread : noSession;
    this.#number += 1;
    const number = this.#number;
    if (kind === 'open') thread.sessions.add(sessionId);
    const outcome = await new Promise<Outcome>((resolve) => {
      thread.waiting.set(number, resolve);
      thread.worker.postMessage({ ...order, number });
    });
    if (kind === 'end' || (kind === 'open' && !outcome.ok)) thread.sessions.delete(sessionId);
    return outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    for (const cancel of this.#restarts) cancel();
    await Promise.all([...this.#workers].map((worker) => worker.terminate()));
  }

  #least(): Thread | undefined {
    return [...this.#up].sort((one, other) => one.sessions.size - other.sessions.size)[0];
  }

  /** `deaths`: how often the thread in whose place it comes has died in a row. Resolves once it is up. @throws Error where it died before. */
  async #start(deaths: number): Promise<void> {
    const { clock, logger } = this.#options;
    const worker = new Worker(new URL('./media-thread.mjs', import.meta.url), {
      workerData: this.#settings,
      execArgv: [],
    });
    this.#workers.add(worker);
    let thread: Thread | undefined;
    await new Promise<void>((ready, failed) => {
      worker.on('message', (message: FromThread) => {
        if (message.kind !== 'ready') return thread && this.#hear(thread, message);
        thread = { worker, waiting: new Map(), sessions: new Set(), since: clock.now() };
        this.#up.add(thread);
        ready();
      });
      worker.on('error', (err) => {
        logger.error({ err }, 'a thread of calls has died');
        failed(new Error('a thread of calls does not start', { cause: err }));
      });
      worker.once('exit', (code) => {
        this.#workers.delete(worker);
        failed(new Error(`a thread of calls does not start: it ended with ${code}`));
        if (thread) this.#gone(thread, deaths);
      });
    });
  }

  #hear({ waiting }: Thread, message: Exclude<FromThread, { kind: 'ready' }>): void {
    if (message.kind === 'happening') {
      this.#options.onHappening(message.sessionId, message.happening);
      return;
    }
    waiting.get(message.number)?.(message.outcome);
    waiting.delete(message.number);
  }

  /** Its calls fail over, nothing is asked of it any more, and another one takes its place. */
  #gone(thread: Thread, deaths: number): void {
    this.#up.delete(thread);
    for (const answer of thread.waiting.values()) answer({ ok: false, fault: 'disconnected', message: DIED });
    for (const sessionId of thread.sessions)
      this.#options.onHappening(sessionId, { type: 'failed', fault: 'disconnected', detail: DIED });
    const wasSteady = this.#options.clock.now() - thread.since >= STEADY_MS;
    this.#restart(wasSteady ? 0 : deaths);
  }

  #restart(deaths: number): void {
    if (this.#isClosing) return;
    const ms = Math.min(LONGEST_RESTART_MS, RESTART_MS * 2 ** deaths);
    const cancel = this.#options.clock.after(ms, () => {
      this.#restarts.delete(cancel);
      // What it died of is in the log already.
      this.#start(deaths + 1).catch(() => this.#restart(deaths + 1));
    });
    this.#restarts.add(cancel);
  }
}
