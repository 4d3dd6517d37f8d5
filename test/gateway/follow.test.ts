import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { follow } from '../../gateway/follow.ts';
import { Happenings } from '../../gateway/happenings.ts';
import { systemClock } from '../../gateway/media/clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class AResponse extends EventEmitter {
  readonly lines: string[] = [];
  isOver = false;
  writeHead = () => {};
  flushHeaders = () => {};
  write = (line: string) => this.lines.push(line.trim()) > 0;
  end = () => {
    this.isOver = true;
  };
}

test('a stream on which nothing happens says every ten seconds that it lives, until it is left', () => {
  const response = new AResponse();
  const happenings = new Happenings(systemClock);
  follow(response as unknown as ServerResponse, happenings, 0);
  vi.advanceTimersByTime(25_000);
  expect(response.lines).toEqual(['{"type":"alive"}', '{"type":"alive"}']);
  response.emit('close');
  vi.advanceTimersByTime(60_000);
  happenings.add({ type: 'hold' });
  expect([response.lines.length, vi.getTimerCount()]).toEqual([2, 0]);
});

test('a stream begins after the event that is named, and ends with the session', () => {
  const response = new AResponse();
  const happenings = new Happenings(systemClock);
  for (const type of ['hold', 'resume', 'hold'] as const) happenings.add({ type });
  follow(response as unknown as ServerResponse, happenings, 2);
  happenings.add({ type: 'ended' });
  expect(response.lines.map((line) => JSON.parse(line))).toMatchObject([
    { n: 3, type: 'hold' },
    { n: 4, type: 'ended' },
  ]);
  expect(response.isOver).toBe(true);
});
