import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { AgentHappening } from '../contracts/agent-media/session.ts';
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
}

export interface ThreadsOptions extends ThreadSettings {
  readonly threads: number;
  readonly onHappening: (sessionId: string, happening: AgentHappening) => void;
  readonly logger: Logger;
}

export async function startThreads({
  threads: count,
  onHappening,
  logger,
  ...settings
}: ThreadsOptions): Promise<Threads> {
  let isClosing = false;
  let number = 0;
  const start = async (): Promise<Thread> => {
    const worker = new Worker(new URL('./media-thread.mjs', import.meta.url), {
      workerData: settings,
      execArgv: [],
    });
    const thread: Thread = { worker, waiting: new Map(), sessions: new Set() };
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'happening') onHappening(message.sessionId, message.happening);
      else if (message.kind === 'answer') {
        thread.waiting.get(message.number)?.(message.outcome);
        thread.waiting.delete(message.number);
      }
    });
    worker.on('error', (err) => logger.error({ err }, 'a thread of calls has died'));
    worker.once('exit', () => void gone(thread));
    await Promise.race([once(worker, 'message'), once(worker, 'exit')]);
    return thread;
  };
  /** Its calls fail over; another one takes its place. */
  const gone = async (thread: Thread) => {
    const detail = 'the thread that carried the call has died';
    for (const answer of thread.waiting.values())
      answer({ ok: false, fault: 'disconnected', message: detail });
    for (const sessionId of thread.sessions)
      onHappening(sessionId, { type: 'failed', fault: 'disconnected', detail });
    thread.sessions.clear();
    if (!isClosing) all[all.indexOf(thread)] = await start();
  };
  const all = await Promise.all(Array.from({ length: count }, start));
  const least = () => all.reduce((one, other) => (other.sessions.size < one.sessions.size ? other : one));
  return {
    get sessions() {
      return all.reduce((sum, { sessions }) => sum + sessions.size, 0);
    },
    async ask(order) {
      const thread =
        order.kind === 'open' ? least() : all.find(({ sessions }) => sessions.has(order.sessionId));
      if (!thread) return { ok: false, fault: 'disconnected', message: 'there is no such session any more' };
      number += 1;
      const own = number;
      if (order.kind === 'open') thread.sessions.add(order.sessionId);
      const outcome = await new Promise<Outcome>((resolve) => {
        thread.waiting.set(own, resolve);
        thread.worker.postMessage({ ...order, number: own });
      });
      if (order.kind === 'end' || (order.kind === 'open' && !outcome.ok))
        thread.sessions.delete(order.sessionId);
      return outcome;
    },
    async [Symbol.asyncDispose]() {
      isClosing = true;
      await Promise.all(all.map(({ worker }) => worker.terminate()));
    },
  };
}
