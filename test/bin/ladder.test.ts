import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { eventLine } from '../../bin/cli/event-line.ts';
import { ladderLines } from '../../bin/cli/ladder.ts';
import { AnyEvent, events } from '../../contracts/events.ts';

const example = (type: string) =>
  AnyEvent.parse(JSON.parse(readFileSync(`contracts/examples/${type}.json`, 'utf8')));

test.each(Object.keys(events))(
  '%s has a line and, where it belongs to a call, rungs of one width',
  (type) => {
    const event = example(type);
    expect(eventLine(event)).toContain(type);
    for (const line of ladderLines(event)) expect(line.indexOf('  ', 38)).toBe(38);
  },
);

test('who hung up can be seen from the arrows', () => {
  const ended = AnyEvent.parse({ ...example('call.ended'), talkMs: 10 });
  if (ended.type !== 'call.ended') throw new Error('the example is no call.ended');
  expect(ladderLines({ ...ended, reason: 'caller-hangup' })[0]).toContain(
    '│─ BYE ─────────▶│─ BYE ─────────▶│',
  );
  expect(ladderLines({ ...ended, reason: 'callee-hangup' })[0]).toContain(
    '│◀─ BYE ─────────│◀─ BYE ─────────│',
  );
  expect(ladderLines({ ...ended, talkMs: 0, reason: 'unknown-number', sipStatus: 404 })[0]).toContain(
    '│◀─ 404 ─────────│',
  );
});
