import { describe, expect, test } from 'vitest';
import { RoutingConfig, type RoutingConfigInput } from '../../../contracts/config.ts';
import { FakeInvite, stage } from './stage.ts';

type Rules = NonNullable<RoutingConfigInput['trunks'][string]['headers']>;
const AGENT = '+15550100';
const ABROAD = '+12125550123';

const configOf = (a: Rules, b: Rules): RoutingConfigInput => ({
  version: 1,
  trunks: {
    carrier: { sources: ['192.0.2.0/24'], headers: a },
    out: { endpoints: [{ host: 'sip.carrier.example' }], headers: b },
  },
  numbers: { [AGENT]: { agent: 'desk' } },
  agents: { desk: { targets: [{ uri: 'sip:desk@198.51.100.1' }] } },
  routes: { us: { prefix: '+1', from: ['carrier'], trunks: [{ trunk: 'out' }] } },
});

/** A call from `carrier` with these headers: what the event says, and what the target hears. */
async function aCall(
  headers: Readonly<Record<string, string>>,
  rules: { a?: Rules; b?: Rules } = {},
  to = ABROAD,
) {
  const on = stage({ config: configOf(rules.a ?? {}, rules.b ?? {}) });
  on.invite(new FakeInvite({ to, headers }));
  await on.settled();
  const { request } = on.attempt(0);
  const { 'X-Trunkline-Call-Id': _id, ...heard } = request.headers;
  return { received: on.event('call.received'), from: request.from, heard };
}

const asserted = {
  'p-asserted-identity': '"Bob, B." <sip:+15550111@carrier.example;user=phone>, <tel:+15550111>',
};
const asBob = '"Bob, B." <sip:+15550111@sip.carrier.example>';
const hidden = { ...asserted, privacy: 'id' };

describe('who calls', () => {
  test('is what From says, unless the trunk is trusted', async () => {
    const { received, from } = await aCall(asserted);
    expect([received.from.number, from.number]).toEqual(['+15550199', '+15550199']);
  });

  test.each([
    ['P-Asserted-Identity', asserted],
    [
      'Remote-Party-ID',
      { 'remote-party-id': '"Bob, B." <sip:+15550111@carrier.example>;party=calling;privacy=off' },
    ],
  ])('is what %s of a trusted trunk says', async (_, headers) => {
    const { received, from, heard } = await aCall(headers, {
      a: { trusted: true },
      b: { assertedIdentity: 'send' },
    });
    expect(received.from).toMatchObject({ number: '+15550111', displayName: 'Bob, B.' });
    expect(from.number).toBe('+15550111');
    expect(heard).toEqual({ 'P-Asserted-Identity': asBob });
  });

  test.each(['<sip:evil@x>\r\nX-Evil: 1', '<sip:+1555"@x>', 'garbage', ''])(
    'stays what From says where the trusted trunk writes %j',
    async (value) => {
      const { received } = await aCall({ 'p-asserted-identity': value }, { a: { trusted: true } });
      expect(['+15550199', 'evil']).toContain(received.from.number);
      expect(JSON.stringify(received)).not.toContain('X-Evil');
    },
  );

  test('is told to a carrier in the headers that its rules ask for', async () => {
    const b: Rules = {
      ...{ from: { user: '+15550000', host: 'pbx.example.com' } },
      ...{ assertedIdentity: 'send', remotePartyId: 'send' },
    };
    const { from, heard } = await aCall({}, { b });
    expect(from.number).toBe('+15550000');
    expect(heard).toEqual({
      From: '<sip:+15550000@pbx.example.com>',
      'P-Asserted-Identity': '<sip:+15550199@pbx.example.com>',
      'Remote-Party-ID': '<sip:+15550199@pbx.example.com>;party=calling;screen=yes;privacy=off',
    });
  });
});

describe('a caller who wants to be hidden', () => {
  const anonymous = '"Anonymous" <sip:anonymous@anonymous.invalid>';

  test('is hidden from a carrier that is not trusted, and the event says so', async () => {
    const { received, from, heard } = await aCall(hidden, {
      a: { trusted: true },
      b: { assertedIdentity: 'send' },
    });
    expect(received).toMatchObject({ hidden: true, from: { number: '+15550111' } });
    expect(from.number).toBe('anonymous');
    expect(heard).toEqual({ From: anonymous, Privacy: 'id' });
  });

  test('is told to a carrier that is', async () => {
    const b: Rules = { trusted: true, assertedIdentity: 'send', remotePartyId: 'send' };
    const { from, heard } = await aCall(hidden, { a: { trusted: true }, b });
    expect(from.number).toBe('anonymous');
    expect(heard).toEqual({
      From: anonymous,
      Privacy: 'id',
      'P-Asserted-Identity': asBob,
      'Remote-Party-ID': `${asBob};party=calling;screen=yes;privacy=full`,
    });
  });

  test('is hidden from an agent, too', async () => {
    const { from, heard } = await aCall(hidden, { a: { trusted: true } }, AGENT);
    expect([from.number, heard['From'], heard['P-Asserted-Identity']]).toEqual([
      'anonymous',
      anonymous,
      undefined,
    ]);
  });

  test.each([['none'], ['id;none'], ['']])('is not one who says Privacy: %s', async (privacy) => {
    expect((await aCall({ privacy })).received.hidden).toBeUndefined();
  });

  test('may be everybody by the rules of the trunk', async () => {
    const { received, heard } = await aCall({}, { b: { from: { user: 'anonymous' } } });
    expect(received.hidden).toBeUndefined();
    expect(heard).toEqual({ From: anonymous });
  });
});

describe('headers of a call', () => {
  const custom = { 'x-account': '42', 'x-route-a': 'one', 'x-route-b': 'two', 'x-secret': 'no' };

  test('are taken by the list of the trunk and shown in the event; an agent gets all of them', async () => {
    const { received, heard } = await aCall(custom, { a: { passIn: ['X-ACCOUNT', 'X-Route-*'] } }, AGENT);
    const taken = { 'X-Account': '42', 'X-Route-A': 'one', 'X-Route-B': 'two' };
    expect(received.headers).toEqual(taken);
    expect(heard).toEqual(taken);
  });

  test('go over a trunk by its own list only', async () => {
    const a: Rules = { passIn: ['X-Account', 'X-Route-*'] };
    expect((await aCall(custom, { a })).heard).toEqual({});
    expect((await aCall(custom, { a, b: { passOut: ['X-Route-B', 'X-Secret'] } })).heard).toEqual({
      'X-Route-B': 'two',
    });
  });

  test('are left out where they are too long, too many, or would begin another header', async () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`x-many-${index}`, 'y']));
    const bad = { 'x-long': 'a'.repeat(1025), 'x-broken': 'a\r\nContact: <sip:evil@x>', 'x-null': 'a\0b' };
    const { received } = await aCall(
      { ...bad, 'x-trunkline-call-id': 'another', ...many },
      { a: { passIn: ['X-*'] } },
    );
    expect(Object.keys(received.headers ?? {})).toHaveLength(16);
    expect(Object.keys(received.headers ?? {}).every((name) => name.startsWith('X-Many-'))).toBe(true);
  });

  test('Diversion and History-Info go on where both trunks pass them', async () => {
    const way = { diversion: '<sip:+1555@x>;reason=no-answer', 'history-info': '<sip:+1555@x>;index=1' };
    const pass: Rules = { diversion: 'pass', historyInfo: 'pass' };
    expect((await aCall(way, { a: pass, b: pass })).heard).toEqual({
      Diversion: way.diversion,
      'History-Info': way['history-info'],
    });
    expect((await aCall(way, { a: pass })).heard).toEqual({});
    expect((await aCall(way, { b: pass })).heard).toEqual({});
  });
});

test.each([
  ['passIn', ['Via'], 'passIn.0'],
  ['passIn', ['contact'], 'passIn.0'],
  ['passOut', ['Authorization'], 'passOut.0'],
  ['passOut', ['P-*'], 'passOut.0'],
  ['passIn', ['X-Trunkline-*'], 'passIn.0'],
  ['passIn', ['X-A\r\nVia'], 'passIn.0'],
  ['passIn', ['Con*'], 'passIn.0'],
  ['passIn', ['X-Foo', 'x-foo'], 'passIn'],
  ['passIn', Array.from({ length: 33 }, (_, index) => `X-Number-${index}`), 'passIn'],
  ['from', { user: 'a b' }, 'from.user'],
  ['from', { host: 'no spaces' }, 'from.host'],
])('the rule %s: %j is a fault', (field, value, path) => {
  const config = {
    ...configOf({}, {}),
    trunks: { carrier: { sources: ['192.0.2.0/24'], headers: { [field]: value } } },
  };
  const paths = RoutingConfig.safeParse({ ...config, routes: {} }).error?.issues.map((issue) =>
    issue.path.join('.'),
  );
  expect(paths).toEqual([`trunks.carrier.headers.${path}`]);
});

test('rules that contradict each other are a fault that says what to do', () => {
  const headers: Rules = { from: { user: 'anonymous' }, assertedIdentity: 'send' };
  const { issues } = RoutingConfig.safeParse(configOf({}, headers)).error ?? { issues: [] };
  expect(issues).toMatchObject([
    {
      path: ['trunks', 'out', 'headers', 'assertedIdentity'],
      message: expect.stringContaining('trusted: true'),
    },
  ]);
});
