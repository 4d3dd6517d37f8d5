import { createSocket } from 'node:dgram';
import { expect, test } from 'vitest';
import { systemClock } from '../../../edge-node/clock.ts';
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

test('the same key twice in one second is two digits; an identical line at once is one, whatever comes between', async () => {
  const heard: SeenDigit[] = [];
  let now = 0;
  const clock = { ...systemClock, monotonic: () => now };
  await using log = await listenForDigits({ host: '127.0.0.1', port: 0 }, clock, (digit) =>
    heard.push(digit),
  );
  const rtpengine = createSocket('udp4');
  const send = (text: string) =>
    new Promise<void>((resolve) => rtpengine.send(text, log.port, '127.0.0.1', () => resolve()));
  const seen = async (count: number) => {
    while (heard.length < count) await new Promise((resolve) => setImmediate(resolve));
  };
  await send(line(5));
  await seen(1);
  await send(line(5));
  now = 20;
  await send(line(6));
  await seen(2);
  now = 30;
  await send(line(5));
  await send(line(7));
  await seen(3);
  now = 500;
  await send(line(5));
  await seen(4);
  rtpengine.close();
  expect(heard.map(({ digit }) => digit)).toEqual(['5', '6', '7', '5']);
});
