import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import type { AgentHappening } from '../../contracts/agent-media/session.ts';
import { AgentLine } from '../../gateway/agent-line.ts';
import { AgentFailure } from '../../gateway/agent-socket.ts';
import { Timers } from '../../gateway/timers.ts';
import { heldClock } from '../edge-node/held-clock.ts';

/** A socket in the hand of the test. */
class ASocket extends EventEmitter {
  readyState = 1;
  pings = 0;
  left: readonly [number, string] | undefined;
  ping = () => {
    this.pings += 1;
    if (this.answersPings) this.emit('pong');
  };
  answersPings = true;
  close = (code: number, reason: string) => {
    this.left = [code, reason];
  };
  terminate = () => this.breaks(1_006);
  breaks(code: number, reason = '') {
    this.readyState = 3;
    this.emit('close', code, Buffer.from(reason));
  }
}

type Attempt = (socket: ASocket) => ASocket | AgentFailure;

let held: ReturnType<typeof heldClock>;
let told: AgentHappening[];
/** What was opened, and whether it was said to be the first. */
let opened: { readonly socket: ASocket; readonly reconnected: boolean }[];
/** How each attempt goes; the last one stands for all behind it. */
let attempts: Attempt[];
let tried: number;
const lateOnce = () => new AgentFailure('connect-timeout', 'late');
const works: Attempt = (socket) => socket;

beforeEach(() => {
  held = heldClock();
  [told, opened, attempts, tried] = [[], [], [works], 0];
});

function aLine({ reconnects = 2, firstAudioMs = 0 } = {}) {
  const clock = { now: () => held.monotonic(), after: held.after };
  return new AgentLine({
    ...{ agent: { reconnects, firstAudioMs }, timers: new Timers(clock) },
    connect: async () => {
      const attempt = attempts[Math.min(tried, attempts.length - 1)] ?? works;
      tried += 1;
      const made = attempt(new ASocket());
      if (made instanceof AgentFailure) throw made;
      return made as unknown as WebSocket;
    },
    tell: (happening) => void told.push(happening),
    onOpen: (socket, reconnected) => void opened.push({ socket: socket as unknown as ASocket, reconnected }),
    onMessage() {},
    onBreak() {},
    onLost: (fault, detail) => void told.push({ type: 'failed', fault, detail }),
  });
}

const newest = () => {
  const socket = opened.at(-1)?.socket;
  if (!socket) throw new Error('nothing was opened');
  return socket;
};
const types = () => told.map(({ type }) => type);

/** Time, and whatever promise it lets go on. */
async function passes(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    held.pass(Math.min(100, left));
    await new Promise((next) => setImmediate(next));
  }
}

describe('an agent that breaks', () => {
  test('as often as it is called has used up its attempts, and is called no more', async () => {
    const line = aLine();
    await line.open();
    for (let time = 0; time < 10; time += 1) {
      newest().breaks(1_011, 'no');
      await passes(2_000);
    }
    expect(types()).toEqual([
      ...['disconnected', 'reconnected', 'disconnected', 'reconnected', 'disconnected', 'failed'],
    ]);
    expect(told.at(-1)).toMatchObject({ fault: 'disconnected', detail: 'the socket closed with 1011: no' });
    expect(opened.map(({ reconnected }) => reconnected)).toEqual([false, true, true]);
  });

  test('has all its attempts again once a socket was well for ten seconds', async () => {
    const line = aLine({ reconnects: 1 });
    await line.open();
    for (let time = 0; time < 4; time += 1) {
      await passes(16_000);
      newest().breaks(1_006);
      await passes(1_000);
    }
    expect(told.filter(({ type }) => type === 'reconnected')).toEqual(
      Array.from({ length: 4 }, () => ({ type: 'reconnected', attempt: 1 })),
    );
    expect(types()).not.toContain('failed');
  });

  test('is tried in steps, each of which is told with its reason', async () => {
    attempts = [works, () => new AgentFailure('refused', 'answered 503'), works];
    const line = aLine();
    await line.open();
    newest().breaks(1_006);
    await passes(3_000);
    expect(told).toEqual([
      { type: 'disconnected', code: 1_006, reason: '' },
      { type: 'attempt-failed', attempt: 1, fault: 'refused', detail: 'answered 503' },
      { type: 'reconnected', attempt: 2 },
    ]);
  });

  test('over what it sent is told with what was wrong', async () => {
    await aLine().open();
    newest().emit('error', new Error('Max payload size exceeded'));
    newest().breaks(1_006);
    expect(told).toEqual([{ type: 'disconnected', code: 1_006, reason: 'Max payload size exceeded' }]);
  });
});

test.each([1_000, 1_005])('an agent that closes with %i has said good-bye', async (code) => {
  await aLine().open();
  newest().breaks(code);
  await passes(5_000);
  expect([types(), opened.length]).toEqual([['hangup'], 1]);
});

describe('an agent that is late at first', () => {
  test('is called again at once, as if for the first time', async () => {
    attempts = [lateOnce, works];
    await aLine().open();
    expect(told).toEqual([{ type: 'attempt-failed', attempt: 1, fault: 'connect-timeout', detail: 'late' }]);
    expect(opened.map(({ reconnected }) => reconnected)).toEqual([false]);
  });

  test('for as often as it may be has failed', async () => {
    attempts = [lateOnce];
    await expect(aLine({ reconnects: 2 }).open()).rejects.toMatchObject({ fault: 'connect-timeout' });
    expect([tried, types()]).toEqual([3, ['attempt-failed', 'attempt-failed']]);
  });

  test('is not called again where it refuses', async () => {
    attempts = [() => new AgentFailure('refused', '401')];
    await expect(aLine().open()).rejects.toMatchObject({ fault: 'refused' });
    expect(tried).toBe(1);
  });
});

describe('an agent that says nothing', () => {
  test('before its deadline is called anew, knows it, and fails in the end', async () => {
    await aLine({ reconnects: 1, firstAudioMs: 20_000 }).open();
    await passes(20_000);
    const [first] = opened;
    expect(first?.socket.left).toEqual([4_000, 'the agent said nothing for 20000 ms']);
    await passes(21_000);
    expect(types()).toEqual(['disconnected', 'reconnected', 'disconnected', 'failed']);
    expect(told.at(-1)).toMatchObject({ fault: 'no-first-audio' });
    expect(opened.map(({ reconnected }) => reconnected)).toEqual([false, true]);
  });

  test('any more, once it has spoken, may be silent', async () => {
    const line = aLine({ firstAudioMs: 1_000 });
    await line.open();
    line.hasPlayed();
    await passes(30_000);
    expect(told).toEqual([]);
  });
});

describe('an agent whose host has vanished', () => {
  test('is known by the pings that it does not answer', async () => {
    await aLine({ reconnects: 1 }).open();
    newest().answersPings = false;
    await passes(15_000);
    expect(told[0]).toEqual({
      ...{ type: 'disconnected', code: 1_006, reason: 'the agent answered no ping for 10000 ms' },
    });
  });

  test('was not well, however long nobody noticed', async () => {
    attempts = [(socket) => Object.assign(socket, { answersPings: false })];
    await aLine({ reconnects: 1 }).open();
    await passes(40_000);
    expect(types()).toEqual(['disconnected', 'reconnected', 'disconnected', 'failed']);
  });

  test('has not where anything comes from it', async () => {
    await aLine().open();
    newest().answersPings = false;
    for (let second = 0; second < 60; second += 1) {
      await passes(1_000);
      newest().emit('message', Buffer.from('{}'), false);
    }
    expect(told).toEqual([]);
    expect(newest().pings).toBe(12);
  });
});
