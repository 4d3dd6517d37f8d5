import { beforeEach, describe, expect, test } from 'vitest';
import type { AgentHappening } from '../../contracts/agent-media/session.ts';
import type { Speaker } from '../../gateway/dialects/dialect.ts';
import { WaitingKeys } from '../../gateway/waiting-keys.ts';

let told: AgentHappening[];
let keys: WaitingKeys;
beforeEach(() => {
  told = [];
  keys = new WaitingKeys((happening) => void told.push(happening));
});

/** A socket that takes what it is sent at once, or when it is told to, or never. */
function aSpeaker(takes: 'at once' | 'later' = 'at once') {
  const said: string[] = [];
  const later: (() => void)[] = [];
  const digit = (key: string, taken: () => void) => {
    said.push(key);
    if (takes === 'at once') taken();
    else later.push(taken);
  };
  return { said, later, speaker: { digit } as Speaker };
}

const delivered = () => told.flatMap((each) => (each.type === 'digit-delivered' ? [each.digit] : []));

describe('a key', () => {
  test('is delivered when the socket has taken it, not before', () => {
    const { speaker, later } = aSpeaker('later');
    keys.to(speaker);
    keys.press('5');
    expect(told).toEqual([]);
    for (const taken of later) taken();
    expect(delivered()).toEqual(['5']);
  });

  test('that is pressed while there is no socket comes to the next one, in order, once', () => {
    const first = aSpeaker();
    keys.to(first.speaker);
    keys.press('1');
    keys.hold();
    for (const key of '23#') keys.press(key);
    expect(delivered()).toEqual(['1']);
    const second = aSpeaker();
    keys.to(second.speaker);
    expect([second.said, delivered()]).toEqual([
      ['2', '3', '#'],
      ['1', '2', '3', '#'],
    ]);
  });

  test('that a socket broke over is said again to the next one', () => {
    keys.to(aSpeaker('later').speaker);
    keys.press('7');
    keys.hold();
    const next = aSpeaker();
    keys.to(next.speaker);
    expect([next.said, delivered()]).toEqual([['7'], ['7']]);
  });

  test('beyond the 64 that may wait is dropped, which is told', () => {
    for (let count = 0; count < 65; count += 1) keys.press(count === 64 ? '#' : '1');
    expect(told).toEqual([{ type: 'digit-dropped', digit: '#' }]);
    const { said, speaker } = aSpeaker();
    keys.to(speaker);
    expect([said.length, delivered().length]).toEqual([64, 64]);
  });
});
