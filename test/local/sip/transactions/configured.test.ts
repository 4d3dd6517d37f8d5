import { expect, test } from 'vitest';
import {
  after,
  inviteClient,
  inviteServer,
  onMovedClock,
  requestClient,
  requestServer,
  response,
} from './machines.ts';

onMovedClock();

test.each([
  ['a', () => inviteClient(false, { a: 100, b: 350 }), [0, 0.1, 0.3], 'INVITE'],
  ['b', () => inviteClient(false, { b: 1_000 }), [1], 'timeout'],
  ['e', () => requestClient(false, { e: 100, f: 350 }), [0, 0.1, 0.3], 'BYE'],
  ['f', () => requestClient(false, { f: 1_000 }), [1], 'timeout'],
  ['j', () => requestServer(false, { j: 1_000 }), [1], 'ended'],
] as const)('timer %s can be set', (_name, start, times, what) => {
  const { diary } = start();
  after(60);
  expect(diary.times(what)).toEqual(times);
});

test.each([
  ['d', () => inviteClient(false, { d: 1_000 }), 486],
  ['m', () => inviteClient(false, { m: 1_000 }), 200],
  ['k', () => requestClient(false, { k: 1_000 }), 200],
] as const)('timer %s can be set', (_name, start, status) => {
  const client = start();
  client.receive(response(status));
  after(60);
  expect(client.diary.times('ended')).toEqual([1]);
});

test.each([
  ['g', { g: 100, h: 350 }, [0, 0.1, 0.3], '486'],
  ['h', { h: 1_000 }, [1], 'ended'],
] as const)('timer %s can be set', (_name, timers, times, what) => {
  const server = inviteServer(false, timers);
  server.respond(486, '486');
  after(60);
  expect(server.diary.times(what)).toEqual(times);
});

test.each([
  ['i', { i: 1_000 }, 486],
  ['l', { l: 1_000 }, 200],
] as const)('timer %s can be set', (_name, timers, status) => {
  const server = inviteServer(false, timers);
  server.respond(status, String(status));
  server.receiveAck();
  after(60);
  expect(server.diary.times('ended')).toEqual([1]);
});
