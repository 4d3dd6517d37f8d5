import { expect, test } from 'vitest';
import { callUp, withoutEvents } from './digit-call.ts';
import { stage } from './stage.ts';

const digits = (digits: string, more: object = {}) => ({ type: 'call.send-dtmf', leg: 'b', digits, ...more });

test('digits go one after the other into the stream of the other side, with their length, pause and commas', async () => {
  const { s, command, playedOut, said } = await callUp();
  expect(await command(digits('1,2', { durationMs: 200, gapMs: 300 }))).toEqual({ applied: true });
  await s.settled();
  expect(s.media.played).toEqual([{ digit: '1', durationMs: 200, from: 'a' }]);
  await playedOut(500);
  await playedOut(999);
  expect(s.media.played).toHaveLength(1);
  await playedOut(1);
  expect(s.media.played).toHaveLength(2);
  await playedOut(500);
  expect(said()).toEqual(['dtmf.delivered 1 b rfc4733', 'dtmf.delivered 2 b rfc4733']);
});

test('say the command that asked for them, and do not count as digits that somebody pressed', async () => {
  const { s, command, playedOut, hears, alice } = await callUp();
  await command(digits('7'));
  await s.settled();
  await hears('a', '7', 100);
  await playedOut();
  expect(s.event('dtmf.delivered').commandId).toMatch(/^[0-9A-Z]{26}$/);
  alice.dialog.hangsUp();
  await s.settled();
  expect(s.event('call.ended').digits).toEqual({ received: 0, delivered: 0, gap: 0 });
});

test.each([
  ['info', 'Signal=5\r\nDuration=100\r\n', 'application/dtmf-relay'],
  ['info-dtmf', '5', 'application/dtmf'],
] as const)(
  'an agent that takes %s gets INFO, each when the one before it is over',
  async (dtmf, body, type) => {
    const { s, b, command, playedOut } = await callUp({ agent: { dtmf } });
    await command(digits('55'));
    await s.settled();
    expect([b.infos, b.infoTypes]).toEqual([[body], [type]]);
    await playedOut(200);
    expect(b.infos).toEqual([body, body]);
  },
);

test('a side that has tones is played to, one that takes nothing is asked by INFO, and its refusal is a gap', async () => {
  const tones = await callUp({ agent: { dtmf: 'in-band' } });
  await tones.command(digits('5'));
  await tones.playedOut();
  expect(tones.said()).toEqual(['dtmf.delivered 5 b in-band']);
  const none = await callUp({ answer: withoutEvents });
  none.b.infoStatus = 501;
  await none.command(digits('5'));
  await none.playedOut();
  expect(none.said()).toEqual(['dtmf.delivery-gap 5 b info-refused']);
});

test('what is not sent when the call ends is a gap', async () => {
  const { s, a, command, said } = await callUp();
  await command(digits('12'));
  await s.settled();
  a.hangsUp();
  await s.settled();
  expect(said()).toEqual(['dtmf.delivery-gap 1 b call-ended', 'dtmf.delivery-gap 2 b call-ended']);
});

test('a call that is not answered is sent none', async () => {
  const s = stage();
  s.invite();
  await s.settled();
  const [call] = s.calls.values();
  const command = {
    version: 1,
    id: s.clock.newId(),
    callId: call?.id ?? '',
    durationMs: 100,
    gapMs: 100,
  } as const;
  expect(await call?.command({ ...command, type: 'call.send-dtmf', leg: 'b', digits: '1' })).toMatchObject({
    applied: false,
    reason: 'wrong-state',
  });
});
