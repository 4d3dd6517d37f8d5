import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { busLine, eventLine } from '../../bin/cli/event-line.ts';
import { AnyEvent } from '../../contracts/events.ts';
import type { BusEvent } from '../../local/cloud/bus-entry.ts';

const onBus = (source: string, type: string, detail: unknown): BusEvent => ({
  ...{ version: '0', id: 'e-1', account: '000000000000', region: 'local-1', resources: [] },
  ...{ 'detail-type': type, source, time: '2026-01-31T12:00:05Z', detail },
});

test('an event of ours is told in its own words', () => {
  const event = AnyEvent.parse(JSON.parse(readFileSync('contracts/examples/call.answered.json', 'utf8')));
  expect(busLine(onBus('trunkline.edge', event.type, event))).toBe(eventLine(event));
});

test('of a command it is told whose it is and for which call, and not what may be secret', () => {
  const detail = { version: 1, type: 'call.send-dtmf', callId: '01KG9Z0A00Q2K6JNJP8TTQX9AB', digits: '4711' };
  expect(busLine(onBus('ivr', detail.type, detail))).toBe(
    '12:00:05     TQX9AB call.send-dtmf       from ivr',
  );
});

test.each([
  ['nothing', null],
  ['a call that is no text', { callId: 7 }],
  ['an event of ours that lacks its fields', { type: 'call.ended' }],
])('something else on the bus has a line, too: %s', (_what, detail) => {
  expect(busLine(onBus('theirs', 'order.placed', detail))).toBe(
    '12:00:05            order.placed         from theirs',
  );
});
