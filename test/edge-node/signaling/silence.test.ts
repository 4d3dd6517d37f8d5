import { describe, expect, test } from 'vitest';
import { MediaError } from '../../../edge-node/ports.ts';
import { FakeInvite, type Stage, stage, twoTargets } from './stage.ts';

async function aTalk(on = stage()) {
  const alice = on.invite(new FakeInvite());
  await on.settled();
  on.attempt(0).answers();
  await on.settled();
  const [call] = [...on.calls.values()];
  if (!call) throw new Error('there is no call');
  return { on, alice, call };
}

/** Time goes by a second at a time, and whatever is waited for comes. */
async function pass(on: Stage, seconds: number) {
  for (let second = 0; second < seconds; second += 1) {
    on.clock.pass(1_000);
    await on.settled();
  }
}

const about = (on: Stage) =>
  on.events.filter(({ type }) => /^media\.(timeout|one-way|resumed)$/.test(type)) as unknown as Record<
    string,
    unknown
  >[];

describe('an answered call', () => {
  test('on which both sides are heard goes on, and asks rtpengine once in ten seconds', async () => {
    const { on, call } = await aTalk();
    await pass(on, 300);
    expect(about(on)).toEqual([]);
    expect(call.isOver).toBe(false);
    expect(on.media.looks).toBe(30);
  });

  test('from whose caller no RTP comes is reported as one-way, and ended on both sides after 30 s', async () => {
    const { on, alice } = await aTalk();
    await pass(on, 10);
    on.media.silent.add('a');
    await pass(on, 31);
    expect(about(on)).toMatchObject([
      { type: 'media.one-way', leg: 'a', silentMs: 10_000 },
      { type: 'media.timeout', leg: 'a', silentMs: 30_000, action: 'hangup' },
    ]);
    expect(on.event('call.ended')).toMatchObject({
      reason: 'media-timeout',
      blame: 'upstream',
      detail: 'no RTP came from leg a for 30 s',
    });
    expect([alice.dialog.byes.length, on.attempt(0).dialog.byes.length]).toEqual([1, 1]);
    expect([on.media.ended.length, on.calls.size, on.clock.pending()]).toEqual([1, 0, 0]);
  });

  test('from which no RTP ever came counts its silence from the answer', async () => {
    const on = stage();
    on.media.silent.add('a').add('b');
    await aTalk(on);
    await pass(on, 29);
    expect(about(on)).toEqual([]);
    await pass(on, 1);
    expect(about(on)).toMatchObject([{ type: 'media.timeout', leg: 'both', silentMs: 30_000 }]);
  });

  test('that rings for a minute is not silent', async () => {
    const on = stage({ config: { ...twoTargets, policies: { default: { ringSeconds: 90 } } } });
    on.media.silent.add('a').add('b');
    on.invite();
    await on.settled();
    await pass(on, 60);
    expect([about(on), on.calls.size]).toEqual([[], 1]);
  });

  test('is not silent where it is on hold, and has the whole time again after that', async () => {
    const { on, call } = await aTalk();
    on.media.silent.add('a').add('b');
    Object.assign(call.held, { a: true, b: true });
    await pass(on, 120);
    expect(about(on)).toEqual([]);
    Object.assign(call.held, { a: false, b: false });
    await pass(on, 20);
    expect(about(on)).toEqual([]);
    await pass(on, 10);
    expect(about(on)).toMatchObject([{ type: 'media.timeout', leg: 'both' }]);
  });

  test('that is heard again goes on, and says so', async () => {
    const { on, call } = await aTalk();
    await pass(on, 10);
    on.media.silent.add('b');
    await pass(on, 12);
    on.media.silent.delete('b');
    await pass(on, 60);
    expect(about(on)).toMatchObject([
      { type: 'media.one-way', leg: 'b' },
      { type: 'media.resumed', leg: 'b' },
    ]);
    expect(call.isOver).toBe(false);
  });

  test('of which the policy wants a report only is reported once and goes on', async () => {
    const policies = { default: { silence: { seconds: 20, action: 'report', oneWaySeconds: 5 } } } as const;
    const { on, call } = await aTalk(stage({ config: { ...twoTargets, policies } }));
    on.media.silent.add('a').add('b');
    await pass(on, 90);
    expect(about(on)).toMatchObject([
      { type: 'media.timeout', leg: 'both', silentMs: 20_000, action: 'report' },
    ]);
    expect(call.isOver).toBe(false);
  });

  test('is judged by what its trunk says of its own side', async () => {
    const carrier = { sources: ['192.0.2.0/24'], silence: { seconds: 5 } };
    const { on } = await aTalk(stage({ config: { ...twoTargets, trunks: { carrier } } }));
    on.media.silent.add('a');
    await pass(on, 5);
    expect(about(on)).toMatchObject([{ type: 'media.timeout', leg: 'a', silentMs: 5_000 }]);
  });

  test('whose rtpengine does not answer for a while is not silent for that', async () => {
    const { on, call } = await aTalk();
    await pass(on, 5);
    on.media.failure = new MediaError('timeout', 'gone');
    await pass(on, 60);
    on.media.failure = undefined;
    await pass(on, 30);
    expect([about(on), call.isOver]).toEqual([[], false]);
  });
});
