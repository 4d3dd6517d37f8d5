import { describe, expect, test } from 'vitest';
import { Trunk } from '../../../contracts/config/trunk.ts';
import type { RoutingConfigInput } from '../../../contracts/config.ts';
import { FakeInvite, sdpOf, stage, twoTargets } from './stage.ts';

const US = '+12125550123';
type TrunkInput = RoutingConfigInput['trunks'][string];

/** Calls of trunk `carrier` go to the agents, or out over `first` and then `second`. */
const between = (
  carrier: TrunkInput,
  first: TrunkInput = {},
  second: TrunkInput = {},
): RoutingConfigInput => ({
  ...twoTargets,
  trunks: {
    carrier: { sources: ['192.0.2.0/24'], ...carrier },
    first: { endpoints: [{ host: '198.51.100.1', port: 5060 }], ...first },
    second: { endpoints: [{ host: '198.51.100.2', port: 5060 }], ...second },
  },
  routes: {
    us: {
      prefix: '+1212',
      from: ['carrier'],
      trunks: [
        { trunk: 'first', priority: 1 },
        { trunk: 'second', priority: 2 },
      ],
    },
  },
});

describe('codecs of a trunk', () => {
  test('stand in for the policy on a call out, trunk by trunk', async () => {
    const s = stage({ config: between({}, { codecs: { keep: ['G729'], transcode: ['PCMU'] } }) });
    s.invite(new FakeInvite({ to: US }));
    await s.settled();
    s.attempt(0).fails(503);
    await s.settled();
    expect(s.media.offers).toMatchObject([
      { codecs: { kept: [], transcoded: ['PCMU'], add: ['G729'] } },
      { codecs: { kept: ['PCMU'], transcoded: [], add: [] } },
    ]);
  });

  test('that are nothing for the caller leave the trunk out, and the next one is called', async () => {
    const s = stage({ config: between({}, { codecs: { keep: ['opus'] } }) });
    s.invite(new FakeInvite({ to: US }));
    await s.settled();
    expect(s.attempt(0).request.uri).toContain('198.51.100.2');
  });

  test('are the only ones that a call in may use', async () => {
    const s = stage({ config: between({ codecs: { keep: ['PCMA'] } }) });
    s.invite(new FakeInvite({ sdp: sdpOf('0 8 101') }));
    const refused = s.invite(new FakeInvite({ sdp: sdpOf('0 101') }));
    await s.settled();
    expect(s.media.offers).toMatchObject([{ codecs: { kept: ['PCMA'] } }]);
    expect(refused.told).toEqual(['488']);
    expect(s.event('call.ended')).toMatchObject({ reason: 'no-common-codec' });
  });

  test('bind a caller without an offer to what the target offers of them', async () => {
    const s = stage({ config: between({ codecs: { keep: ['PCMA'] } }) });
    s.invite(new FakeInvite({ late: true }));
    await s.settled();
    s.attempt(0).answers(sdpOf('0 8 101'));
    await s.settled();
    expect(s.media.offers).toMatchObject([{ from: 'b', codecs: { kept: ['PCMA'] } }]);
  });
});

test('ptime of each trunk is asked for towards that trunk', async () => {
  const s = stage({ config: between({ ptime: 30 }, { ptime: 40 }) });
  s.invite(new FakeInvite({ to: US }));
  await s.settled();
  s.attempt(0).fails(503);
  await s.settled();
  expect(s.media.offers.map(({ ptime }) => ptime)).toEqual([
    { a: 30, b: 40 },
    { a: 30, b: undefined },
  ]);
});

test.each([
  [{ dtmf: 'inband' }, /must be rfc4733 .* info .* or in-band/],
  [{ ptime: 25 }, /must be 10, 20, 30, 40, 50 or 60 ms/],
  [{ ptime: 80 }, /60/],
])('%j is refused in words that say what to use', (trunk, words) => {
  const parsed = Trunk.safeParse({ endpoints: [{ host: '198.51.100.1' }], ...trunk });
  expect(parsed.error?.issues[0]?.message).toMatch(words);
});
