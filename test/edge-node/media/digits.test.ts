import { createSocket } from 'node:dgram';
import { expect, test } from 'vitest';
import { listenForDigits, parseDigit } from '../../../edge-node/media/digits.ts';
import type { SeenDigit } from '../../../edge-node/ports.ts';

const callId = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const line = (event: number, over: Record<string, unknown> = {}) =>
  JSON.stringify({
    ...{ callid: callId, source_tag: 'a', tags: ['a', 'b1'], type: 'DTMF', timestamp: 1795389873 },
    ...{ source_ip: '127.0.0.1', event, duration: 160, volume: 10, ...over },
  });

test.each([
  [0, '0'],
  [9, '9'],
  [10, '*'],
  [11, '#'],
  [12, 'A'],
  [15, 'D'],
])('event %i of RFC 4733 is the key %s', (event, digit) => {
  expect(parseDigit(line(event))).toEqual({ callId, leg: 'a', digit, durationMs: 160 });
});

test('a key on any attempt to reach a target is a key on leg b', () => {
  expect(parseDigit(line(5, { source_tag: 'b3' }))?.leg).toBe('b');
});

test.each([
  ['no JSON', 'hello'],
  ['an event that is no key', line(16)],
  ['a tag that is none of ours', line(5, { source_tag: '"; drop' })],
  ['another kind of line', line(5, { type: 'FLASH' })],
])('%s is ignored', (_what, text) => {
  expect(parseDigit(text)).toBeUndefined();
});

test('lines are heard in the order in which they came, each once, though the edge was busy meanwhile', async () => {
  const heard: SeenDigit[] = [];
  await using log = await listenForDigits({ host: '127.0.0.1', port: 0 }, (digit) => heard.push(digit));
  const rtpengine = createSocket('udp4');
  const send = (text: string) =>
    new Promise<void>((resolve) => rtpengine.send(text, log.port, '127.0.0.1', () => resolve()));
  const many = Array.from({ length: 200 }, (_, n) => line(n % 10, { duration: n }));
  await send(line(5));
  await send('noise');
  await Promise.all(many.map(send));
  const busyUntil = performance.now() + 200;
  while (performance.now() < busyUntil);
  while (heard.length < 201) await new Promise((resolve) => setImmediate(resolve));
  rtpengine.close();
  expect(heard.slice(1).map(({ durationMs }) => durationMs)).toEqual(many.map((_, n) => n));
  expect(await log.lost()).toBe(0);
});

test('a port that is taken is said in words', async () => {
  await using log = await listenForDigits({ host: '127.0.0.1', port: 0 }, () => {});
  await expect(listenForDigits({ host: '127.0.0.1', port: log.port }, () => {})).rejects.toThrow(
    /DTMF log cannot be heard: .*EADDRINUSE/,
  );
});
