import { describe, expect, test } from 'vitest';
import { RoutingConfig, type RoutingConfigInput } from '../../../../contracts/config.ts';
import { createQuietLog } from '../../../../edge-node/signaling/guard/quiet-log.ts';
import { createScreen } from '../../../../edge-node/signaling/guard/screen.ts';
import { createSourceRates, sourceOf } from '../../../../edge-node/signaling/guard/source-rates.ts';
import { heardLogger } from '../../heard-logger.ts';
import { heldClock } from '../../held-clock.ts';

const [ours, stranger] = ['192.0.2.7', '203.0.113.66'];
const rates = { invite: { perSecond: 2, burst: 3 }, register: { perSecond: 1, burst: 1 } };
const account = { username: 'pbx', password: { env: 'PASSWORD' }, realm: 'trunkline.example' };

const ofAnEdge = 'a'.repeat(32);

function aScreen(guard: RoutingConfigInput['guard'] = {}, trunks: RoutingConfigInput['trunks'] = {}) {
  const clock = heldClock();
  const { logger, lines } = heardLogger();
  const counted: string[] = [];
  const refused: string[] = [];
  const carrier = { sources: ['192.0.2.0/24'] };
  const input = { version: 1 as const, trunks: { carrier, ...trunks }, numbers: {}, agents: {}, guard };
  const current = { version: 1, config: RoutingConfig.parse(input) };
  const screen = createScreen({
    isKnown: (pass) => pass === ofAnEdge,
    clock,
    snapshot: { current: () => current },
    log: createQuietLog(logger, clock),
    metrics: {
      turnedAway: (...labels) => void counted.push(labels.join(' ')),
      refused: (reason) => void refused.push(reason),
    },
  });
  const from = (address: string, method = 'INVITE', userAgent?: string, pass?: string) =>
    screen({ address, method, userAgent, pass });
  return { from, clock, lines, counted, refused };
}

describe('a source of no trunk', () => {
  test('passes with what only an edge of ours can know, and not with what it cannot', () => {
    expect(aScreen().from(stranger, 'INVITE', undefined, ofAnEdge)).toBe('pass');
    expect(aScreen().from(stranger, 'INVITE', undefined, 'b'.repeat(32))).toBe('forbid');
  });

  test.each(['INVITE', 'REGISTER', 'OPTIONS', 'MESSAGE'])(
    'that sends %s hears 403, or nothing at all',
    (method) => {
      expect(aScreen().from(stranger, method)).toBe('forbid');
      expect(aScreen({ unknownSources: 'discard' }).from(stranger, method)).toBe('discard');
    },
  );

  test('is counted by what it sent, why it was turned away and what it heard', () => {
    const { from, counted, refused } = aScreen();
    from(stranger, 'INVITE');
    from(stranger, 'OPTIONS');
    from(stranger, 'SUBSCRIBE');
    expect(counted).toEqual([
      'INVITE unknown-source forbid',
      'OPTIONS unknown-source forbid',
      'other unknown-source forbid',
    ]);
    expect(refused).toEqual(['unknown-source']);
  });

  test('passes where a trunk knows its callers by digest, within the rate', () => {
    const { from } = aScreen({ rates }, { roaming: { authentication: { in: account } } });
    expect([1, 2, 3, 4].map(() => from(stranger))).toEqual(['pass', 'pass', 'pass', 'discard']);
  });

  test('that floods fills neither the log nor the disk', () => {
    const { from, lines, clock, counted } = aScreen({ unknownSources: 'discard' });
    for (let sent = 0; sent < 5_000; sent += 1) from(stranger);
    expect(lines).toHaveLength(2);
    expect(counted).toHaveLength(5_000);
    clock.pass(10_000);
    from(stranger);
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatchObject({ address: stranger, moreBefore: 19 });
  });
});

describe('a rate', () => {
  test('is one for each source and method, and comes back with time', () => {
    const { from, clock } = aScreen({ rates });
    const heard = () => [1, 2, 3, 4].map(() => from(stranger));
    expect(heard()).toEqual(['forbid', 'forbid', 'forbid', 'discard']);
    expect(from('203.0.113.67')).toBe('forbid');
    expect(from(stranger, 'REGISTER')).toBe('forbid');
    expect(from(stranger, 'REGISTER')).toBe('discard');
    clock.pass(1_000);
    expect(heard()).toEqual(['forbid', 'forbid', 'discard', 'discard']);
  });

  test('does not hold for the sources of a trunk, whose own limits do', () => {
    const { from } = aScreen({ rates });
    expect(new Set(Array.from({ length: 100 }, () => from(ours)))).toEqual(new Set(['pass']));
  });

  test('is shared by a whole /64 of IPv6, and by an IPv4 address in either form', () => {
    expect(sourceOf('2001:db8:1:2:3:4:5:6')).toBe(sourceOf('2001:db8:1:2:ffff::1'));
    expect(sourceOf('2001:db8:1:2::1')).not.toBe(sourceOf('2001:db8:1:3::1'));
    expect(sourceOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
  });

  test('is remembered of a bounded number of sources', () => {
    const known = createSourceRates(heldClock(), 100);
    const rate = { perSecond: 1, burst: 1 };
    known.allows('first', rate);
    for (let one = 0; one < 99; one += 1) known.allows(`other ${one}`, rate);
    expect(known.allows('first', rate)).toBe(false);
    for (let one = 0; one < 1_000; one += 1) known.allows(`new ${one}`, rate);
    expect(known.size).toBe(100);
    expect(known.allows('first', rate)).toBe(true);
  });
});

describe('a scanner', () => {
  test.each([
    'friendly-scanner',
    'Friendly-Scanner',
    'xx SIPCLI/v1.8',
    'VaxSIPUserAgent/3.1',
    'pplsip',
    'sundayddr',
  ])('%s is discarded, whatever it sends and from wherever', (userAgent) => {
    const { from, counted } = aScreen();
    for (const method of ['INVITE', 'REGISTER', 'OPTIONS', 'PUBLISH'])
      expect(from(ours, method, userAgent)).toBe('discard');
    expect(counted[0]).toBe('INVITE scanner discard');
  });

  test('is whom the configuration says', () => {
    const { from } = aScreen({ scanners: ['nosy'] });
    expect(from(ours, 'INVITE', 'a Nosy one')).toBe('discard');
    expect(from(ours, 'INVITE', 'friendly-scanner')).toBe('pass');
  });
});

test.each([
  ['rates', { rates: { invite: { perSecond: 50, burst: 10 } } }, 'guard.rates.invite.burst'],
  ['negative rates', { rates: { options: { perSecond: -1 } } }, 'guard.rates.options.perSecond'],
  ['policy', { unknownSources: 'drop' }, 'guard.unknownSources'],
  ['a scanner of one letter', { scanners: ['a'] }, 'guard.scanners.0'],
  [
    'too many scanners',
    { scanners: Array.from({ length: 65 }, (_, index) => `scan${index}`) },
    'guard.scanners',
  ],
])('wrong %s are named', (_, guard, path) => {
  const trunks = { carrier: { sources: ['192.0.2.0/24'] } };
  const parsed = RoutingConfig.safeParse({ version: 1, trunks, numbers: {}, agents: {}, guard });
  expect(parsed.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
});
