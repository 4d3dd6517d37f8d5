import type { Worker } from 'node:worker_threads';
import pino from 'pino';
import { ulid } from 'ulid';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AgentHappening, AgentSessionRequest } from '../../contracts/agent-media/session.ts';
import { systemClock } from '../../gateway/media/clock.ts';
import { startThreads, type Threads, type ThreadsOptions } from '../../gateway/threads.ts';
import { type AnAgent, anAgent } from './an-agent.ts';
import { anRtpPeer } from './media/an-rtp-peer.ts';

let agent: AnAgent;
let caller: Awaited<ReturnType<typeof anRtpPeer>>;
let threads: Threads | undefined;
const workers: Worker[] = [];
const happened: (AgentHappening & { readonly sessionId: string })[] = [];
const remember = (worker: Worker) => void workers.push(worker);

beforeEach(async () => {
  process.on('worker', remember);
  workers.length = 0;
  happened.length = 0;
  agent = await anAgent();
  caller = await anRtpPeer();
});
afterEach(async () => {
  process.off('worker', remember);
  await threads?.[Symbol.asyncDispose]();
  threads = undefined;
  await agent[Symbol.asyncDispose]();
  await caller[Symbol.asyncDispose]();
});

async function start(own: Partial<ThreadsOptions> = {}): Promise<Threads> {
  threads = await startThreads({
    ...{ threads: 1, address: '127.0.0.1', ports: { min: 0, max: 0 }, maxQueueMs: 1_000, silenceMs: 5_000 },
    ...{ allowPrivate: true, ca: undefined, logLevel: 'silent', logger: pino({ level: 'silent' }) },
    clock: systemClock,
    onHappening: (sessionId, happening) => happened.push({ sessionId, ...happening }),
    ...own,
  });
  return threads;
}

const open = async (pool: Threads) => {
  const sessionId = ulid();
  const request = AgentSessionRequest.parse({
    ...{ callId: ulid(), sdp: caller.offer(), call: { from: '+15550199', to: '+15550100' } },
    agent: { url: agent.url, dialect: 'pcm' },
  });
  return { sessionId, ...(await pool.ask({ kind: 'open', sessionId, request })) };
};

/** An exception that nobody catches, in the thread itself. */
const crash = (worker: Worker | undefined) => worker?.postMessage(null);

test('the calls of a thread that dies are told as failed, and others are opened in those that live', async () => {
  const pool = await start({ threads: 2, clock: { ...systemClock, after: () => () => {} } });
  const opened = [await open(pool), await open(pool)];
  expect(opened).toMatchObject([{ ok: true }, { ok: true }]);
  crash(workers[0]);
  await expect.poll(() => happened).toHaveLength(1);
  const [lost] = happened;
  expect(lost).toMatchObject({ type: 'failed', fault: 'disconnected' });
  expect(pool.sessions).toBe(1);
  expect([await open(pool), await open(pool)]).toMatchObject([{ ok: true }, { ok: true }]);
  expect(await pool.ask({ kind: 'stats', sessionId: lost?.sessionId ?? '' })).toMatchObject({ ok: false });
  expect(pool.sessions).toBe(3);
});

test('while no thread is up an edge is sent on to another gateway at once, and what was asked is answered', async () => {
  const pool = await start({ clock: { ...systemClock, after: () => () => {} } });
  crash(workers[0]);
  expect(await open(pool)).toMatchObject({ ok: false });
  await expect.poll(async () => await open(pool)).toMatchObject({ ok: false, fault: 'draining' });
});

test('a thread that dies again and again is replaced ever later, and calls go on', async () => {
  const waits: number[] = [];
  const after = (ms: number, then: () => void) => {
    waits.push(ms);
    return systemClock.after(0, then);
  };
  const pool = await start({ clock: { ...systemClock, after } });
  for (const expected of [[100], [100, 200], [100, 200, 400]]) {
    crash(workers.at(-1));
    await expect.poll(() => waits).toEqual(expected);
    await expect.poll(async () => (await open(pool)).ok, { timeout: 10_000 }).toBe(true);
  }
});

test('a thread that does not start is an error of the start', async () => {
  await expect(start({ logLevel: 'nonsense' })).rejects.toThrow('a thread of calls does not start');
});
