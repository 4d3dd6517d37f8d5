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

describe('a routing configuration', () => {
  test('of the smallest kind is filled with defaults', () => {
    expect(RoutingConfig.parse(smallest)).toEqual({
      ...smallest,
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

describe('a refusal', () => {
  test('shows a short value, and only the beginning of a long one', () => {
    const [fault] = faults({ ...smallest, version: 'x'.repeat(500) });
    expect(fault).toMatch(/^version: .*\(found "x{50,60}\.\.\.\)$/);
  });
});
