import { describe, expect, test } from 'vitest';
import { Policy, RoutingConfig } from '../../contracts/config.ts';
import { faultsOf } from '../../contracts/refusal.ts';

const smallest = {
  version: 1,
  trunks: { carrier: { sources: ['203.0.113.0/24'] } },
  numbers: { '*': { agent: 'desk' } },
  agents: { desk: { targets: [{ uri: 'sip:desk@192.0.2.10' }] } },
};

function faults(input: unknown): string[] {
  const { error } = RoutingConfig.safeParse(input);
  return error ? faultsOf(error, input).map(({ path, message }) => `${path}: ${message}`) : [];
}

describe('an agent that could be of several kinds', () => {
  const agent = (target: object) => faults({ ...smallest, agents: { desk: { targets: [target] } } });

  test('is told the faults of the kind that it is, field by field', () => {
    expect(agent({ websocket: 'https://agent.example.com', rate: 44_100 }).toSorted()).toEqual([
      expect.stringMatching(/^agents\.desk\.targets\.0\.rate: .*found 44100/),
      expect.stringMatching(/^agents\.desk\.targets\.0\.websocket: must be a WebSocket URL.*found "https:/),
    ]);
    expect(agent({ uri: 'sip:desk@192.0.2.10', rate: 8_000 })).toEqual([
      'agents.desk.targets.0: Unrecognized key: "rate"',
    ]);
    expect(agent({ user: 'desk', trunk: 'Carrier' })[0]).toContain(
      'agents.desk.targets.0.trunk: must be a name',
    );
  });
});

describe('a routing configuration', () => {
  test('of the smallest kind is filled with defaults', () => {
    expect(RoutingConfig.parse(smallest)).toMatchObject({
      ...smallest,
      routes: {},
      agents: {
        desk: { targets: [{ uri: 'sip:desk@192.0.2.10', priority: 1, weight: 1 }], policy: 'default' },
      },
      policies: {},
    });
    expect(Policy.parse({})).toEqual({
      codecs: { keep: ['PCMU', 'PCMA'], transcode: [] },
      ringSeconds: 30,
      maxDurationSeconds: 14_400,
      quality: 'rtcp',
      qualityEverySeconds: 60,
      silence: { seconds: 30, action: 'hangup', oneWaySeconds: 10 },
      media: { onContractBroken: 'report', onTranscoded: 'report' },
    });
  });

  test('with several mistakes is told them all at once, each by its place', () => {
    const found = faults({
      ...smallest,
      trunks: { carrier: { sources: ['203.0.113.0/33'] } },
      numbers: { '+15550100': { agent: 'dsek' } },
      agents: { desk: { targets: [{ uri: 'desk@192.0.2.10', wieght: 3 }] } },
    });
    expect(found).toEqual([
      'trunks.carrier.sources.0: must be a CIDR block such as 203.0.113.0/24 or 2001:db8::/32 (found "203.0.113.0/33")',
      expect.stringMatching(/^agents\.desk\.targets\.0\.uri: must be a SIP URI .*found "desk@192\.0\.2\.10"/),
      'agents.desk.targets.0: Unrecognized key: "wieght"',
      'numbers.+15550100.agent: "dsek" is not an agent of this file; agents are: desk (found "dsek")',
    ]);
  });

  test.each([null, undefined, '', 42, [], 'trunks: none'])(
    'that is %j is refused, and nothing breaks',
    (input) => {
      expect(faults(input).join('\n')).toMatch(/expected object/);
    },
  );

  const misshapen: unknown[] = [
    { ...smallest, agents: { desk: null } },
    { ...smallest, numbers: null },
    { ...smallest, numbers: { '*': 'desk' } },
    { ...smallest, trunks: 'carrier' },
    {
      ...smallest,
      agents: { constructor: { targets: [{ uri: 'sip:a@b' }], policy: 'toString' } },
      numbers: {},
    },
  ];
  test.each(misshapen)('with the wrong thing in a place is refused: %j', (input) => {
    expect(faults(input)).not.toEqual([]);
  });

  test.each([
    'sip:agent@192.0.2.10:5060',
    'sip:192.0.2.10',
    'sip:agent@[2001:db8::1]:5060;transport=tcp',
    'sip:agent@agent.example.com;transport=tcp;lr',
  ])('may send calls to %s', (uri) => {
    expect(faults({ ...smallest, agents: { desk: { targets: [{ uri }] } } })).toEqual([]);
  });

  test.each(['sip:a@b\r\nVia: x', 'sip:a b@c', 'tel:+15550100', 'sips:', '<sip:a@b>', 'sip:a@b?x=y\n'])(
    'may not send calls to %j',
    (uri) => {
      expect(faults({ ...smallest, agents: { desk: { targets: [{ uri }] } } })).toHaveLength(1);
    },
  );
});

describe('trunks', () => {
  const out = { endpoints: [{ host: 'sip.carrier.example' }] };
  const route = { prefix: '+1', from: ['carrier'], trunks: [{ trunk: 'out' }] };
  const withTrunks = (trunks: object, routes: object = {}) =>
    faults({ ...smallest, trunks: { ...smallest.trunks, ...trunks }, routes });

  test('are called by name, by SRV or by address', () => {
    const endpoints = [
      { host: 'sip.carrier.example' },
      { host: '203.0.113.7', port: 5080, transport: 'tcp', priority: 2, weight: 0 },
      { host: '2001:db8::7', port: 5061, transport: 'tls' },
    ];
    expect(withTrunks({ out: { endpoints } }, { us: route })).toEqual([]);
  });

  test.each([
    ['sip:carrier.example', 'must be a host name or an address'],
    ['203.0.113.7:5060', 'must be a host name or an address'],
    ['a b', 'must be a host name or an address'],
    ['evil\r\nVia: x', 'must be a host name or an address'],
  ])('are not called at %j', (host, message) => {
    expect(withTrunks({ out: { endpoints: [{ host }] } })[0]).toContain(message);
  });

  test.each([
    ['203.0.113.0/24', '203.0.113.0/25'],
    ['203.0.113.7/32', '203.0.0.0/8'],
    ['2001:db8::/32', '2001:db8:1::/48'],
  ])('whose sources %s and %s overlap are refused: a caller would belong to both', (one, other) => {
    const trunks = { one: { sources: [one] }, other: { sources: [other] } };
    expect(faults({ ...smallest, trunks })).toEqual([
      `trunks.other.sources.0: overlaps ${one} of trunk "one": a caller must belong to one trunk (found "${other}")`,
    ]);
  });

  test('may list overlapping sources of their own, and neighbours', () => {
    const trunks = {
      one: { sources: ['203.0.113.0/24', '203.0.113.0/25'] },
      other: { sources: ['203.0.114.0/24', '::/0'] },
    };
    expect(faults({ ...smallest, trunks })).toEqual([]);
  });

  test('need sources or endpoints', () => {
    expect(withTrunks({ empty: {} })[0]).toMatch(/^trunks\.empty: needs sources .* or endpoints/);
  });

  test('of a route must exist and have endpoints', () => {
    const routes = { us: { ...route, from: ['nobody'], trunks: [{ trunk: 'carrier' }, { trunk: 'uot' }] } };
    expect(withTrunks({ out }, routes)).toEqual([
      expect.stringMatching(
        /^routes\.us\.from\.0: "nobody" is not a trunk of this file; trunks are: carrier, out/,
      ),
      expect.stringMatching(
        /^routes\.us\.trunks\.0\.trunk: trunk "carrier" has no endpoints: give it at least one/,
      ),
      expect.stringMatching(/^routes\.us\.trunks\.1\.trunk: "uot" is not a trunk of this file/),
    ]);
  });

  test('of equal priority need one weight above zero', () => {
    const trunks = { out, also: out };
    const shared = [
      { trunk: 'out', weight: 0 },
      { trunk: 'also', weight: 0 },
    ];
    expect(withTrunks(trunks, { us: { ...route, trunks: shared } })).toEqual([
      expect.stringMatching(
        /^routes\.us\.trunks: all of priority 1 have weight 0: give at least one a weight/,
      ),
    ]);
  });

  test('with a probe that could never fail are refused', () => {
    expect(withTrunks({ out: { ...out, probe: { down: 4, of: 3 } } })[0]).toMatch(
      /^trunks\.out\.probe\.down: must be/,
    );
  });
});

describe('credentials of a trunk', () => {
  const password = { secret: 'trunkline/carrier', field: 'password' };
  const caller = { username: 'carrier', realm: 'sip.example', password };
  const withTrunks = (trunks: object) => faults({ ...smallest, trunks });
  const only = (authentication: object, more = {}) =>
    withTrunks({ carrier: { endpoints: [{ host: '192.0.2.1' }], authentication, ...more } });

  test('name an account and where its password is kept', () => {
    expect(only({ out: { username: 'us', password: { env: 'CARRIER_PASSWORD' } }, in: caller })).toEqual([]);
  });

  test('are enough to know who calls', () => {
    expect(withTrunks({ carrier: { authentication: { in: caller } } })).toEqual([]);
  });

  const remedy =
    'must be { env: NAME } or { secret: NAME-OR-ARN, field: KEY }: a secret never stands in the file itself';
  const at = 'trunks.carrier.authentication.out.password';
  test.each([
    ['hunter2-4711', `${at}: ${remedy}`],
    [undefined, `${at}: ${remedy}`],
    [{ env: 'hunter2-4711' }, `${at}.env: must be an environment variable such as CARRIER_A_PASSWORD`],
    [{ plain: 'hunter2-4711' }, `${at}: ${remedy}`],
    [
      { secret: 'hunter 4711' },
      `${at}.secret: must be the name or the ARN of a secret, such as trunkline/carrier-a`,
    ],
  ])('with the password %j are refused without quoting it', (given, expected) => {
    expect(only({ out: { username: 'us', password: given } })).toEqual([expected]);
  });

  test('never show a password beside another fault of the trunk', () => {
    const careless = { authentication: { out: { username: 'us', password: 'hunter2-4711' } } };
    expect(withTrunks({ carrier: careless }).join()).not.toContain('4711');
    expect(withTrunks({ carrier: { authentication: 'hunter2-4711' } }).join()).not.toContain('4711');
  });

  test('of two trunks must tell them apart where sources do not', () => {
    const two = { one: { authentication: { in: caller } }, two: { authentication: { in: caller } } };
    expect(withTrunks(two)).toEqual([
      expect.stringMatching(
        /^trunks\.two\.authentication\.in\.username: "carrier" of realm "sip\.example" is trunk "one"/,
      ),
    ]);
    const bySource = { ...two, two: { ...two.two, sources: ['192.0.2.0/24'] } };
    expect(withTrunks(bySource)).toEqual([]);
  });

  test('may register us with the carrier, by a user and at a registrar of their own or of the trunk', () => {
    const out = { username: 'us', password };
    expect(only({ out }, { registration: {} })).toEqual([]);
    const alone = { registration: { user: 'us', registrar: 'sip.example:5061' }, authentication: { out } };
    expect(withTrunks({ carrier: { ...alone, sources: ['192.0.2.0/24'] } })).toEqual([]);
    expect(
      withTrunks({ carrier: { sources: ['192.0.2.0/24'], registration: { expiresSeconds: 5 } } }),
    ).toEqual([
      expect.stringMatching(/^trunks\.carrier\.registration\.expiresSeconds: .*30.*found 5/),
      'trunks.carrier.registration: needs a registrar, or an endpoint of the trunk that is one (found {"expiresSeconds":5})',
      expect.stringMatching(/^trunks\.carrier\.registration: needs a user, or authentication\.out/),
    ]);
  });

  test('for calls out need somebody to call', () => {
    const out = { username: 'us', password };
    expect(withTrunks({ carrier: { sources: ['192.0.2.0/24'], authentication: { out } } })).toEqual([
      expect.stringMatching(/^trunks\.carrier\.authentication\.out: is of no use without endpoints/),
    ]);
  });

  test('with a name that would break out of its quotes or an unknown algorithm are refused', () => {
    const found = only({ in: { ...caller, username: 'a", realm="b', algorithms: ['SHA-1'] } });
    expect(found).toEqual([
      expect.stringMatching(/^trunks\.carrier\.authentication\.in\.username: must be a user name/),
      expect.stringMatching(/^trunks\.carrier\.authentication\.in\.algorithms\.0: .*"SHA-256"/),
    ]);
  });
});

describe('rules of a number', () => {
  const withRules = (...rules: object[]) => faults({ ...smallest, numbers: { '+15550100': { rules } } });
  const hours = { timezone: 'Europe/Berlin', days: ['mon', 'fri'], from: '09:00', to: '17:00' };

  test('may look at the caller, the trunk and the time', () => {
    const when = { callers: ['+1555*', 'anonymous'], trunks: ['carrier'], hours };
    expect(withRules({ ...when, agent: 'desk' }, { reject: 480 })).toEqual([]);
  });

  test.each([
    [{ agent: 'dsek' }, /^numbers\.\+15550100\.rules\.0\.agent: "dsek" is not an agent/],
    [{ agent: 'desk', trunks: ['nobody'] }, /rules\.0\.trunks\.0: "nobody" is not a trunk/],
    [{ agent: 'desk', hours: { ...hours, timezone: 'Mars/Olympus' } }, /must be a time zone of IANA/],
    [{ agent: 'desk', hours: { ...hours, from: '9:00' } }, /must be a time of day/],
    [{ agent: 'desk', callers: ['*'] }, /must be a caller such as/],
  ])('%j is refused', (rule, message) => {
    expect(withRules(rule).join()).toMatch(message);
  });
});

describe('a refusal', () => {
  test('shows a short value, and only the beginning of a long one', () => {
    const [fault] = faults({ ...smallest, version: 'x'.repeat(500) });
    expect(fault).toMatch(/^version: .*\(found "x{50,60}\.\.\.\)$/);
  });
});
