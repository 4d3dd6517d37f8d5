import { describe, expect, test } from 'vitest';
import { Trunk } from '../../../contracts/config/trunk.ts';
import type { RoutingConfigInput } from '../../../contracts/config.ts';
import { heardDigit } from '../../../edge-node/signaling/digits.ts';
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

/** A call that is up; its dialogs, and what rtpengine reports of its digits. */
async function upBetween(carrier: TrunkInput, first: TrunkInput = {}, { sdp = sdpOf() } = {}) {
  const s = stage({ config: between(carrier, first) });
  const alice = s.invite(new FakeInvite({ to: US }));
  await s.settled();
  s.attempt(0).answers(sdp);
  await s.settled();
  const [call] = s.calls.values();
  if (!call) throw new Error('there is no call');
  const hears = async (leg: 'a' | 'b', digit: string) => {
    heardDigit(call, { callId: call.id, leg, digit, durationMs: 160 });
    await s.settled();
  };
  const said = () =>
    s.events.flatMap((event) =>
      event.type === 'dtmf.received' || event.type === 'dtmf.delivered'
        ? [`${event.type} ${event.digit} ${event.leg} ${event.mode}`]
        : [],
    );
  return { s, a: alice.dialog, b: s.attempt(0).dialog, hears, said };
}

const relay = (digit: string) => ['application/dtmf-relay', `Signal=${digit}\r\nDuration=160\r\n`] as const;

describe('digits', () => {
  test('of RFC 4733 go to a trunk with info as INFO, and their packets do not', async () => {
    const { s, b, hears, said } = await upBetween({}, { dtmf: 'info' });
    await hears('a', '5');
    expect(b.infos).toEqual(['Signal=5\r\nDuration=160\r\n']);
    expect(s.media.withheld).toEqual(['a']);
    expect(said()).toEqual(['dtmf.received 5 a rfc4733', 'dtmf.delivered 5 b info']);
  });

  test('of a trunk with info go on as RFC 4733, and are not taken for digits pressed when they are reported', async () => {
    const { s, a, b, hears, said } = await upBetween({ dtmf: 'info' });
    expect(s.media.offers).toMatchObject([{ playsDigits: true }]);
    a.sendsInfo(...relay('7'));
    await s.settled();
    await hears('a', '7');
    expect(s.media.played).toEqual([{ digit: '7', durationMs: 160, from: 'a' }]);
    expect(b.infos).toEqual([]);
    expect(said()).toEqual(['dtmf.received 7 a info', 'dtmf.delivered 7 b rfc4733']);
  });

  test('that are pressed long after the same one was played are pressed', async () => {
    const { s, a, hears, said } = await upBetween({ dtmf: 'info' });
    a.sendsInfo(...relay('7'));
    await s.settled();
    s.clock.pass(6_000);
    await hears('a', '7');
    expect(said().slice(2)).toEqual(['dtmf.received 7 a rfc4733', 'dtmf.delivered 7 b rfc4733']);
  });

  test('that could not be played are not said to be delivered', async () => {
    const { s, a, said } = await upBetween({ dtmf: 'info' });
    s.media.failure = new Error('rtpengine is gone');
    a.sendsInfo(...relay('7'));
    await s.settled();
    expect(said()).toEqual(['dtmf.received 7 a info']);
  });

  test('between two trunks with info stay INFO, and nothing is played', async () => {
    const { s, a, b } = await upBetween({ dtmf: 'info' }, { dtmf: 'info' });
    a.sendsInfo(...relay('1'));
    await s.settled();
    expect(b.infos).toHaveLength(1);
    expect(s.media.played).toEqual([]);
    expect(s.media.offers[0]).not.toHaveProperty('playsDigits');
    expect(s.media.withheld).toEqual(['b', 'a']);
  });

  test('of a trunk with info go as INFO to a side that takes no telephone-event', async () => {
    const { s, a, b } = await upBetween(
      { dtmf: 'info' },
      {},
      { sdp: sdpOf('0').replace(/a=rtpmap.*\r\n/, '') },
    );
    a.sendsInfo(...relay('1'));
    await s.settled();
    expect(b.infos).toHaveLength(1);
  });

  test('of a call in which no side has info go on as they come', async () => {
    const { s, a, b, hears, said } = await upBetween({});
    a.sendsInfo(...relay('1'));
    await hears('a', '2');
    expect(b.infos).toHaveLength(1);
    expect(s.media.withheld).toEqual([]);
    expect(said()).toContain('dtmf.delivered 2 b rfc4733');
  });
});

test.each([
  [{ dtmf: 'in-band' }, /use rfc4733, or info/],
  [{ dtmf: 'inband' }, /must be rfc4733 .* or info/],
  [{ ptime: 25 }, /must be 10, 20, 30, 40, 50 or 60 ms/],
  [{ ptime: 80 }, /60/],
])('%j is refused in words that say what to use', (trunk, words) => {
  const parsed = Trunk.safeParse({ endpoints: [{ host: '198.51.100.1' }], ...trunk });
  expect(parsed.error?.issues[0]?.message).toMatch(words);
});
