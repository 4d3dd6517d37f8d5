import { describe, expect, test } from 'vitest';
import type { CommandOf } from '../../../contracts/commands.ts';
import { systemClock } from '../../../edge-node/clock.ts';
import { MediaError } from '../../../edge-node/ports.ts';
import { FakeInvite, stage } from './stage.ts';

async function aTalk() {
  const on = stage();
  const alice = on.invite(new FakeInvite());
  await on.settled();
  on.attempt(0).answers();
  await on.settled();
  const [call] = [...on.calls.values()];
  if (!call) throw new Error('there is no call');
  const stamp = { version: 1, callId: call.id } as const;
  const play = (but: Partial<CommandOf<'call.play'>> = {}) => {
    const what = { to: 'a', file: 'welcome.wav', times: 1, ...but } as const;
    return call.command({ ...stamp, type: 'call.play', id: systemClock.newId(), ...what });
  };
  const stop = () => call.command({ ...stamp, type: 'call.stop', id: systemClock.newId() });
  const played = () =>
    on.events.flatMap((event) =>
      event.type === 'media.played' ? [[event.file, event.ended, event.playedMs]] : [],
    );
  const pass = async (ms: number) => {
    on.clock.pass(ms);
    await on.settled();
  };
  return { on, alice, call, play, stop, played, pass };
}

describe('call.play', () => {
  test('plays as often as it says, says when that is over and lets the other side be heard again', async () => {
    const { on, play, played, pass } = await aTalk();
    expect(await play({ times: 2 })).toEqual({ applied: true });
    await pass(5_999);
    expect([on.media.recordings, played()]).toEqual([['/prompts/welcome.wav to a 2×'], []]);
    await pass(1);
    expect(on.media.recordings).toEqual(['/prompts/welcome.wav to a 2×', 'none to a']);
    expect(played()).toEqual([['welcome.wav', 'finished', 6_000]]);
  });

  test('without an end plays until call.stop', async () => {
    const { on, play, stop, played, pass } = await aTalk();
    await play({ to: 'both', times: 0 });
    await pass(60_000);
    expect(played()).toEqual([]);
    expect(await stop()).toEqual({ applied: true });
    expect(on.media.recordings).toEqual(['/prompts/welcome.wav to a,b 0×', 'none to a,b']);
    expect(played()).toEqual([['welcome.wav', 'stopped', 60_000]]);
  });

  test('takes the place of what is played already', async () => {
    const { on, play, played, pass } = await aTalk();
    await play({ times: 0 });
    await pass(1_000);
    await play({ to: 'b', file: 'goodbye.wav' });
    await pass(3_000);
    expect(on.media.recordings).toEqual([
      '/prompts/welcome.wav to a 0×',
      'none to a',
      '/prompts/goodbye.wav to b 1×',
      'none to b',
    ]);
    expect(played()).toEqual([
      ['welcome.wav', 'replaced', 1_000],
      ['goodbye.wav', 'finished', 3_000],
    ]);
  });

  test('of a recording that is not there is refused, and what is played goes on', async () => {
    const { on, play, played } = await aTalk();
    await play({ times: 0 });
    expect(await play({ file: 'nobody.mp4' })).toMatchObject({ applied: false, reason: 'failed' });
    expect([on.media.recordings.length, played()]).toEqual([1, []]);
  });

  test('that rtpengine cannot do is refused in its words', async () => {
    const { on, play } = await aTalk();
    on.media.failure = new MediaError('refused', 'rtpengine cannot decode this recording');
    expect(await play()).toMatchObject({
      applied: false,
      reason: 'failed',
      message: 'rtpengine cannot decode this recording',
    });
  });

  test('before the answer is refused with the remedy', async () => {
    const on = stage();
    on.invite();
    await on.settled();
    const [call] = [...on.calls.values()];
    const command = {
      version: 1,
      id: systemClock.newId(),
      type: 'call.play',
      callId: call?.id ?? '',
    } as const;
    const outcome = await call?.command({ ...command, to: 'a', file: 'welcome.wav', times: 1 });
    expect(outcome).toMatchObject({
      reason: 'wrong-state',
      message: expect.stringContaining('call.answered'),
    });
  });

  test('leaves no timer behind when the call ends', async () => {
    const { on, alice, play } = await aTalk();
    await play({ times: 100 });
    alice.dialog.hangsUp();
    await on.settled();
    expect(on.clock.pending()).toBe(0);
  });
});

test('call.stop of a call that hears nothing is refused', async () => {
  const { stop } = await aTalk();
  expect(await stop()).toMatchObject({ applied: false, reason: 'wrong-state' });
});
