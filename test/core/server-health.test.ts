import { describe, expect, test } from 'vitest';
import {
  afterHeard,
  type Heard,
  isOwnFailure,
  onTrial,
  type ServerHealth,
  standing,
  trialLeftOff,
  unknownServer,
} from '../../core/server-health.ts';

type Word = Heard['outcome'] | { readonly pause: number } | 'trial' | 'left off';

/** Says what happened at each ms, each request sent when it is answered; gives the standing afterwards. */
function at(events: readonly (readonly [number, Word])[], from: ServerHealth = unknownServer): ServerHealth {
  return events.reduce((health, [now, word]) => {
    if (word === 'trial') return onTrial(health, now);
    if (word === 'left off') return trialLeftOff(health);
    const heard: Heard =
      typeof word === 'string'
        ? { outcome: word, sentAt: now }
        : { outcome: 'refused', pauseMs: word.pause, sentAt: now };
    return afterHeard(health, heard, now);
  }, from);
}

const refusedEvery = (ms: number, times: number, from = 0) =>
  Array.from({ length: times }, (_, n) => [from + n * ms, 'refused'] as const);

describe('a server', () => {
  test('of which nothing is known takes calls', () => {
    expect(standing(unknownServer, 0)).toBe('up');
  });

  test.each(['silent', 'unreached'] as const)('that is %s once is down, then one call tries it', (how) => {
    const health = at([[0, how]]);
    expect([0, 4_999, 5_000].map((now) => standing(health, now))).toEqual(['down', 'down', 'trial']);
    const onItsWay = onTrial(health, 5_000);
    expect(standing(onItsWay, 5_001)).toBe('down');
    expect(standing(at([[6_000, 'taken']], onItsWay), 6_000)).toBe('up');
  });

  test('that fails on trial is down for twice as long, at most a minute', () => {
    let health = at([[0, 'silent']]);
    const waits: number[] = [];
    for (let now = 5_000, trial = 0; trial < 6; trial += 1) {
      health = at(
        [
          [now, 'trial'],
          [now, 'silent'],
        ],
        health,
      );
      const until = health.mark?.until ?? 0;
      waits.push(until - now);
      now = until;
    }
    expect(waits).toEqual([10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
  });

  test('whose trial was left off, or of which nothing was heard for a minute, is tried by another call', () => {
    const health = at([
      [0, 'silent'],
      [5_000, 'trial'],
    ]);
    expect(standing(health, 64_999)).toBe('down');
    expect(standing(health, 65_000)).toBe('trial');
    expect(standing(trialLeftOff(health), 5_001)).toBe('trial');
  });

  test('that fails calls which were on their way while it is known to be down is not down for longer', () => {
    const once = at([[0, 'silent']]);
    expect(
      at(
        [
          [10, 'silent'],
          [20, 'unreached'],
        ],
        once,
      ),
    ).toEqual(once);
  });

  test('is not up again because of a call that was sent before it went down', () => {
    const health = at([[1_000, 'unreached']]);
    expect(standing(afterHeard(health, { outcome: 'taken', sentAt: 500 }, 1_500), 1_500)).toBe('down');
    expect(standing(afterHeard(health, { outcome: 'taken', sentAt: 1_200 }, 1_500), 1_500)).toBe('up');
  });

  test('that answers OPTIONS is reached again, but may still swallow INVITEs', () => {
    expect(
      standing(
        at([
          [0, 'unreached'],
          [100, 'answered-options'],
        ]),
        100,
      ),
    ).toBe('up');
    expect(
      standing(
        at([
          [0, 'silent'],
          [100, 'answered-options'],
        ]),
        100,
      ),
    ).toBe('down');
  });
});

describe('refusals', () => {
  test('one or two, or many at one moment, are no outage', () => {
    expect(standing(at(refusedEvery(1_000, 2)), 1_000)).toBe('up');
    expect(standing(at(refusedEvery(10, 100)), 990)).toBe('up');
  });

  test('one after another for two seconds without a call taken are one', () => {
    expect(standing(at(refusedEvery(1_000, 3)), 2_000)).toBe('down');
  });

  test('of a carrier that takes ten calls of each second and refuses the rest never are', () => {
    let health = unknownServer;
    for (let now = 0; now < 60_000; now += 20) {
      const word = now % 1_000 < 200 ? 'taken' : { pause: 60_000 };
      health = at([[now, word]], health);
      expect(standing(health, now)).toBe('up');
    }
  });

  test('that ask for a pause get it, five minutes at most', () => {
    const health = at([[0, { pause: 20_000 }]]);
    expect([0, 19_999, 20_000].map((now) => standing(health, now))).toEqual(['paused', 'paused', 'trial']);
    const forever = at([[0, { pause: 1e12 }]]);
    expect([299_999, 300_000].map((now) => standing(forever, now))).toEqual(['paused', 'trial']);
  });

  test('that ask for a pause while other calls are taken get none', () => {
    expect(
      standing(
        at([
          [0, 'taken'],
          [4_000, { pause: 60_000 }],
        ]),
        4_000,
      ),
    ).toBe('up');
    expect(
      standing(
        at([
          [0, 'taken'],
          [5_000, { pause: 60_000 }],
        ]),
        5_000,
      ),
    ).toBe('paused');
  });

  test('of a call that rang first are no proof that the server takes others', () => {
    const rang = afterHeard(unknownServer, { outcome: 'taken', sentAt: 0 }, 900);
    const refused = { outcome: 'refused', sentAt: 0, pauseMs: 60_000 } as const;
    expect(standing(afterHeard(rang, refused, 1_000), 1_000)).toBe('paused');
    const other = afterHeard(rang, { outcome: 'taken', sentAt: 10 }, 950);
    expect(standing(afterHeard(other, refused, 1_000), 1_000)).toBe('up');
    expect(standing(afterHeard(other, { ...refused, sentAt: 10 }, 1_000), 1_000)).toBe('up');
  });

  test('on trial keep the server down at once', () => {
    const health = at([
      [0, 'silent'],
      [5_000, 'trial'],
      [5_100, 'refused'],
    ]);
    expect(standing(health, 5_100)).toBe('down');
    expect(standing(health, 15_100)).toBe('trial');
  });
});

test.each([
  [408, true],
  [480, false],
  [486, false],
  [500, true],
  [501, false],
  [503, true],
  [603, false],
])('%i is a failure of the server: %s', (status, own) => {
  expect(isOwnFailure(status)).toBe(own);
});
