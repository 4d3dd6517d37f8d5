import { describe, expect, test } from 'vitest';
import { callUp, relay, withoutEvents } from './digit-call.ts';

describe('digits as packets', () => {
  test('go through untouched, and are received and delivered', async () => {
    const { s, hears, said } = await callUp();
    await hears('a', '5');
    await hears('b', '6');
    expect(said()).toEqual([
      'dtmf.received 5 a rfc4733',
      'dtmf.delivered 5 b rfc4733',
      'dtmf.received 6 b rfc4733',
      'dtmf.delivered 6 a rfc4733',
    ]);
    expect([s.media.played, s.media.withheld]).toEqual([[], []]);
  });

  test('the same key twice is two digits with two ids; each delivery has the id of its digit', async () => {
    const { s, hears } = await callUp();
    await hears('a', '5');
    await hears('a', '5');
    const ids = (type: string) =>
      s.events.flatMap((event) => (event.type === type && 'digitId' in event ? [event.digitId] : []));
    expect(new Set(ids('dtmf.received')).size).toBe(2);
    expect(ids('dtmf.delivered')).toEqual(ids('dtmf.received'));
  });

  test('say the trunk of their leg and when it was by the clock of the edge', async () => {
    const { s, hears } = await callUp({ far: { dtmf: 'info' } });
    const before = s.clock.monotonic();
    await hears('a', '5');
    expect(s.event('dtmf.received')).toMatchObject({ trunk: 'carrier', atMs: before });
    expect(s.event('dtmf.delivered')).toMatchObject({ trunk: 'far', atMs: before });
  });

  test('go to a trunk with info as INFO, and their packets do not', async () => {
    const { s, b, hears, said } = await callUp({ far: { dtmf: 'info' } });
    await hears('a', '5');
    expect(b.infos).toEqual(['Signal=5\r\nDuration=160\r\n']);
    expect(s.media.withheld).toEqual(['a']);
    expect(said()).toEqual(['dtmf.received 5 a rfc4733', 'dtmf.delivered 5 b info']);
  });

  test('go to a trunk with info-dtmf, or an agent, as the key alone', async () => {
    for (const between of [{ far: { dtmf: 'info-dtmf' } }, { agent: { dtmf: 'info-dtmf' } }] as const) {
      const { b, hears } = await callUp(between);
      await hears('a', '#');
      expect([b.infos, b.infoTypes]).toEqual([['#'], ['application/dtmf']]);
    }
  });

  test('of a side whose digits are tones are said to be such, and are events for the other', async () => {
    const { s, hears, said } = await callUp({ carrier: { dtmf: 'in-band' } });
    expect(s.media.offers).toMatchObject([{ inBand: { a: true, b: false } }]);
    await hears('a', '5');
    await hears('b', '6');
    expect(said()).toEqual([
      'dtmf.received 5 a in-band',
      'dtmf.delivered 5 b rfc4733',
      'dtmf.received 6 b rfc4733',
      'dtmf.delivered 6 a in-band',
    ]);
  });

  test('before the answer are received, and owed to nobody', async () => {
    const { s, call, said } = await callUp();
    const bob = s.invite();
    await s.settled();
    const ringing = [...s.calls.values()].find(({ id }) => id !== call.id);
    ringing?.digits.heard({ callId: ringing.id, leg: 'a', digit: '1', durationMs: 100 });
    bob.cancels();
    await s.settled();
    expect(said()).toEqual(['dtmf.received 1 a rfc4733']);
    expect(s.event('call.ended').digits).toEqual({ received: 1, delivered: 0, gap: 0 });
  });
});

describe('digits as INFO', () => {
  test.each([
    [...relay('5'), '5', 160],
    ['application/dtmf-relay; charset=utf-8', ' Signal = b \r\n', 'B', 100],
    ['application/dtmf-relay', 'Signal=11\nDuration=80', '#', 80],
    ['application/dtmf', '7', '7', 100],
    ['Application/DTMF', '10\r\n', '*', 100],
    ['application/dtmf', 'Signal=3\r\nDuration=250\r\n', '3', 250],
  ])('%s with %j is the key %s', async (type, body, digit, durationMs) => {
    const { s, a } = await callUp();
    expect(a.sendsInfo(type, body)).toBe(200);
    expect(s.event('dtmf.received')).toMatchObject({ digit, durationMs, mode: 'info', leg: 'a' });
  });

  test.each([
    ['a key that is none', 'application/dtmf-relay', 'Signal=99\r\n', 400],
    ['two keys', 'application/dtmf', '5 6', 400],
    ['another type', 'application/media_control+xml', '<x/>', 415],
    ['no body, to see whether we are there', '', '', 200],
  ])('%s is no digit, and the sender is told', async (_, type, body, status) => {
    const { a, b, said } = await callUp();
    expect(a.sendsInfo(type, body)).toBe(status);
    expect([said(), b.infos]).toEqual([[], []]);
  });

  test('of a trunk with info go on as RFC 4733, and are not taken for digits pressed when they are reported', async () => {
    const { s, a, b, hears, playedOut, said } = await callUp({ carrier: { dtmf: 'info' } });
    a.sendsInfo(...relay('7'));
    await s.settled();
    await hears('a', '7', 153);
    await playedOut();
    expect(s.media.played).toEqual([{ digit: '7', durationMs: 160, from: 'a' }]);
    expect(b.infos).toEqual([]);
    expect(said()).toEqual(['dtmf.received 7 a info', 'dtmf.delivered 7 b rfc4733']);
  });

  test('that are pressed after the same one was played are pressed', async () => {
    const { a, hears, playedOut, said } = await callUp({ carrier: { dtmf: 'info' } });
    a.sendsInfo(...relay('7'));
    await playedOut();
    await playedOut();
    await hears('a', '7');
    expect(said().slice(2)).toEqual(['dtmf.received 7 a rfc4733', 'dtmf.delivered 7 b rfc4733']);
  });

  test('come to the other side in the order in which they were pressed, one after the other', async () => {
    const { s, a, playedOut } = await callUp({ carrier: { dtmf: 'info' } });
    for (const digit of ['1', '2', '3']) a.sendsInfo(...relay(digit));
    await s.settled();
    expect(s.media.played).toHaveLength(1);
    for (let n = 0; n < 3; n += 1) await playedOut(260);
    expect(s.media.played.map(({ digit }) => digit).join('')).toBe('123');
  });

  test('between two trunks with info stay INFO, and nothing is played', async () => {
    const { s, a, b } = await callUp({ carrier: { dtmf: 'info' }, far: { dtmf: 'info' } });
    a.sendsInfo(...relay('1'));
    await s.settled();
    expect(b.infos).toHaveLength(1);
    expect(s.media.played).toEqual([]);
    expect(s.media.withheld).toEqual(['b', 'a']);
  });

  test('go to a side that has them as tones by being played', async () => {
    const { s, a, said, playedOut } = await callUp({ far: { dtmf: 'in-band' } });
    a.sendsInfo(...relay('1'));
    await playedOut();
    expect(s.media.played).toMatchObject([{ digit: '1', from: 'a' }]);
    expect(said()).toContain('dtmf.delivered 1 b in-band');
  });

  test('of a trunk with info go as INFO to a side that takes no telephone-event', async () => {
    const { s, a, b } = await callUp({ carrier: { dtmf: 'info' }, answer: withoutEvents });
    a.sendsInfo(...relay('1'));
    await s.settled();
    expect(b.infos).toHaveLength(1);
  });

  test('of a call in which no side has info go on as they come, and are played where INFO is refused', async () => {
    const { s, a, b, said, playedOut } = await callUp();
    a.sendsInfo('application/dtmf', '1');
    await s.settled();
    expect([b.infos, b.infoTypes]).toEqual([['1'], ['application/dtmf']]);
    b.infoStatus = 415;
    a.sendsInfo(...relay('2'));
    await playedOut();
    expect(s.media.played).toMatchObject([{ digit: '2', from: 'a' }]);
    expect(said().filter((line) => line.startsWith('dtmf.delivered'))).toEqual([
      'dtmf.delivered 1 b info',
      'dtmf.delivered 2 b rfc4733',
    ]);
  });
});

describe('a digit that does not arrive is a gap with its reason', () => {
  test('the other side takes no digits', async () => {
    const { hears, said } = await callUp({ answer: withoutEvents });
    await hears('a', '4');
    expect(said()).toEqual(['dtmf.received 4 a rfc4733', 'dtmf.delivery-gap 4 b takes-no-digits']);
  });

  test.each([
    [415, 'info-refused'],
    [undefined, 'info-unanswered'],
  ] as const)('INFO answered with %s', async (status, reason) => {
    const { b, hears, said } = await callUp({ far: { dtmf: 'info' }, answer: withoutEvents });
    b.infoStatus = status;
    await hears('a', '4');
    expect(said()).toEqual(['dtmf.received 4 a rfc4733', `dtmf.delivery-gap 4 b ${reason}`]);
  });

  test('rtpengine does not play it', async () => {
    const { s, a, said } = await callUp({ carrier: { dtmf: 'info' } });
    s.media.failure = new Error('rtpengine is gone');
    a.sendsInfo(...relay('7'));
    await s.settled();
    expect(said()).toEqual(['dtmf.received 7 a info', 'dtmf.delivery-gap 7 b not-played']);
  });

  test('it is played into a stream that does not flow', async () => {
    const { s, a, said, playedOut } = await callUp({ carrier: { dtmf: 'info' } });
    s.media.silent.add('a');
    a.sendsInfo(...relay('7'));
    await playedOut();
    expect(said()).toEqual(['dtmf.received 7 a info', 'dtmf.delivery-gap 7 b no-stream']);
  });

  test('the call ends before it, and says so before its end; what comes too late changes nothing', async () => {
    const { s, a, b, said, playedOut } = await callUp({ carrier: { dtmf: 'info' } });
    a.sendsInfo(...relay('7'));
    a.sendsInfo(...relay('8'));
    await s.settled();
    b.hangsUp();
    await playedOut();
    expect(said().slice(2)).toEqual(['dtmf.delivery-gap 7 b call-ended', 'dtmf.delivery-gap 8 b call-ended']);
    expect(s.types().at(-1)).toBe('call.ended');
    expect(s.event('call.ended').digits).toEqual({ received: 2, delivered: 0, gap: 2 });
  });

  test('it was still in our socket when the other side hung up; from one that hung up itself it went on', async () => {
    for (const [ends, last] of [
      ['b', 'dtmf.delivery-gap 9 b call-ended'],
      ['a', 'dtmf.delivered 9 b rfc4733'],
    ] as const) {
      const { s, hears, said, ...sides } = await callUp();
      s.media.endsLate();
      sides[ends].hangsUp();
      await hears('a', '9');
      s.media.ends();
      await s.settled();
      expect(said()).toEqual(['dtmf.received 9 a rfc4733', last]);
      expect(s.types().at(-1)).toBe('call.ended');
    }
  });
});
