import { describe, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../../contracts/config.ts';
import { FakeInvite, sdpOf, stage } from './stage.ts';
import { aCall, told, transferConfig } from './transfer-call.ts';

const TO = '<sip:+15550111@anywhere.example>';

describe('a REFER of the agent', () => {
  test('is accepted; it is told of each step, hung up once the target has answered, and the caller hears nothing', async () => {
    const { on, call, a, b, refer } = await aCall();
    expect(await refer('b', TO)).toBe(202);
    expect(b.notified).toEqual(['SIP/2.0 100 Trying active']);
    on.attempt(1).rings();
    on.attempt(1).rings();
    await on.settled();
    on.attempt(1).answers();
    await on.settled();
    expect(b.notified).toEqual([
      'SIP/2.0 100 Trying active',
      'SIP/2.0 180 Ringing active',
      'SIP/2.0 200 OK terminated',
    ]);
    expect(on.event('call.transferred')).toMatchObject({
      ...{ kind: 'blind', by: 'b', target: 'sip:+15550111@anywhere.example' },
    });
    expect([call.b, b.byes.length, a.reinvites]).toEqual([on.attempt(1).dialog, 1, []]);
  });

  test('that fails is told the status of the target, and the agent has the call as before', async () => {
    const { on, call, b, refer } = await aCall();
    await refer('b', TO);
    on.attempt(1).fails(486);
    await on.settled();
    expect(b.notified.at(-1)).toBe('SIP/2.0 486 Busy Here terminated');
    expect(on.event('call.transfer-failed')).toMatchObject({ sipStatus: 486, failedBy: 'target', by: 'b' });
    expect([call.b, b.byes]).toEqual([b, []]);
    expect(await refer('b', TO, { cseq: 7 })).toBe(202);
    expect(b.notifyHeaders.map((headers) => headers['Event'])).toEqual(['refer', 'refer', 'refer;id=7']);
  });

  test('that wants no NOTIFYs gets none', async () => {
    const { on, call, b, refer } = await aCall();
    expect(await refer('b', TO, { subscribes: false })).toBe(202);
    on.attempt(1).answers();
    await on.settled();
    expect([b.notified, call.b]).toEqual([[], on.attempt(1).dialog]);
  });

  test('hears of the end when the caller hangs up meanwhile', async () => {
    const { on, a, b, refer } = await aCall();
    await refer('b', TO);
    a.hangsUp();
    await on.settled();
    expect(b.notified.at(-1)).toBe('SIP/2.0 487 Request Terminated terminated');
    expect([told(on).at(-1), on.attempt(1).cancelled, on.clock.pending()]).toEqual(['ended', true, 0]);
  });

  test.each([
    ['<sip:root@10.0.0.1>', 403],
    ['<sip:+442071234567@edge>', 403],
    ['<sip:+15550111@edge;method=BYE>', 400],
    ['nonsense <', 400],
    [`<sip:${'1'.repeat(5_000)}@edge>`, 400],
  ])('to %j is refused with %i, and nobody is called', async (to, status) => {
    const { on, b, refer } = await aCall();
    expect(await refer('b', to)).toBe(status);
    expect([on.attempts.length, b.notified, told(on)]).toEqual([1, [], []]);
  });

  test('to somebody who takes none of the codecs gets 488', async () => {
    const trunks = { carrier: { ...transferConfig.trunks['carrier'], codecs: { keep: ['opus' as const] } } };
    const { refer } = await aCall(stage({ config: { ...transferConfig, numbers: transferConfig.numbers } }));
    expect(await refer('b', TO)).toBe(202);
    const on = stage({ config: transferConfig });
    const other = await aCall(on);
    on.configure({ ...transferConfig, trunks });
    expect(await other.refer('b', TO)).toBe(488);
  });

  test('is refused with 603 where the configuration says so', async () => {
    const agents = {
      ...transferConfig.agents,
      echo: { targets: [{ uri: 'sip:echo@198.51.100.1' }], refer: 'refuse' as const },
    };
    const { on, refer } = await aCall(stage({ config: { ...transferConfig, agents } }));
    expect(await refer('b', TO)).toBe(603);
    expect(await refer('a', '<sip:+15550101@edge>')).toBe(202);
    expect(told(on)).toEqual(['transferring']);
  });

  test('says by whom the call comes, where the trunk of the target lets it out', async () => {
    const headers = { referredBy: 'pass' as const };
    const trunks = { carrier: { ...transferConfig.trunks['carrier'], headers } };
    const by = { referredBy: '<sip:echo@agents.example>' };
    const { on, refer } = await aCall(stage({ config: { ...transferConfig, trunks } }));
    await refer('b', TO, by);
    expect(on.attempt(1).request.headers['Referred-By']).toBe('<sip:echo@agents.example>');
    const silent = await aCall();
    await silent.refer('b', TO, by);
    expect(silent.on.attempt(1).request.headers['Referred-By']).toBeUndefined();
  });

  test('with a Replaces of nobody here sends it on', async () => {
    const { on, refer } = await aCall();
    await refer('b', '<sip:desk@edge?Replaces=x%40y%3Bto-tag%3D1%3Bfrom-tag%3D2>');
    expect(on.attempt(1).request.headers['Replaces']).toBe('x@y;to-tag=1;from-tag=2');
    expect(on.event('call.transferring')).toMatchObject({ kind: 'attended' });
  });
});

describe('a REFER of the carrier', () => {
  test('puts somebody else into its own place, where it could call that number itself', async () => {
    const { on, call, a, b, refer } = await aCall();
    on.media.tellsTheOther = sdpOf('0 101', 30_000);
    expect(await refer('a', TO)).toBe(202);
    on.attempt(1).answers();
    await on.settled();
    expect([call.a, a.notified.at(-1), a.byes.length]).toEqual([
      on.attempt(1).dialog,
      'SIP/2.0 200 OK terminated',
      1,
    ]);
    expect([b.byes, b.reinvites]).toEqual([[], []]);
    expect(on.event('call.transferred')).toMatchObject({ kind: 'blind', by: 'a' });
  });

  test.each(['<sip:echo@198.51.100.1>', '<sip:desk@edge>', '<sip:+442071234567@edge>'])(
    'to %s, which it could not call, gets 403',
    async (to) => {
      const { on, refer } = await aCall();
      expect(await refer('a', to)).toBe(403);
      expect(on.attempts).toHaveLength(1);
    },
  );

  test('gets 603 where its trunk may not', async () => {
    const config: RoutingConfigInput = {
      ...transferConfig,
      trunks: { carrier: { ...transferConfig.trunks['carrier'], refer: 'refuse' } },
    };
    const { refer } = await aCall(stage({ config }));
    expect(await refer('a', TO)).toBe(603);
  });
});

describe('an attended transfer', () => {
  /** The agent talks to two callers, and asks that they talk to each other. */
  async function consulted() {
    const on = stage({ config: transferConfig });
    const first = await aCall(on);
    const second = await aCall(on, new FakeInvite({ to: '+15550101' }));
    const { callId } = second.b.ids;
    const replaces = encodeURIComponent(`${callId};to-tag=ours;from-tag=theirs`);
    const ask = () => first.refer('b', `<sip:x@edge?Replaces=${replaces}>`);
    return { on, first, second, ask };
  }

  test('of two calls on this edge joins them: one is left, and both sides of the referrer are hung up', async () => {
    const { on, first, second, ask } = await consulted();
    expect(await ask()).toBe(202);
    expect(first.b.notified.at(-1)).toBe('SIP/2.0 200 OK terminated');
    expect(first.call.b).toBe(second.a);
    expect([first.a.reinvites, second.a.reinvites.length]).toEqual([[], 1]);
    expect([first.b.byes.length, second.b.byes.length, first.a.byes, second.a.byes]).toEqual([1, 1, [], []]);
    expect(told(on)).toEqual(['transferring', 'transferred', 'ended']);
    expect(on.event('call.ended')).toMatchObject({ callId: second.call.id, reason: 'transferred' });
    expect([...on.calls.keys()]).toEqual([first.call.id]);
    second.a.hangsUp();
    await on.settled();
    expect([first.a.byes.length, on.calls.size, on.media.ended.length, on.clock.pending()]).toEqual([
      1, 0, 2, 0,
    ]);
  });

  test('whose other caller refuses the new media leaves both calls as they were', async () => {
    const { on, first, second, ask } = await consulted();
    second.a.answersReinvite = () => ({ kind: 'refused', status: 488 });
    expect(await ask()).toBe(202);
    expect(first.b.notified.at(-1)).toBe('SIP/2.0 488 Not Acceptable Here terminated');
    expect(told(on)).toEqual(['transferring', 'transfer-failed']);
    expect([on.calls.size, first.call.b, second.call.a]).toEqual([2, first.b, second.a]);
    expect(await second.refer('b', TO)).toBe(202);
  });

  test('to its own call is none', async () => {
    const { b, refer } = await aCall();
    const replaces = encodeURIComponent(`${b.ids.callId};to-tag=ours;from-tag=theirs`);
    expect(await refer('b', `<sip:x@edge?Replaces=${replaces}>`)).toBe(491);
  });

  test('two of them that cross: one is refused, and nothing waits for ever', async () => {
    const { on, first, second, ask } = await consulted();
    let go = () => {};
    second.a.answersReinvite = () =>
      new Promise((resolve) => {
        go = () => resolve({ kind: 'answered', sdp: sdpOf() });
      });
    expect(await ask()).toBe(202);
    const { callId } = first.b.ids;
    const replaces = encodeURIComponent(`${callId};to-tag=ours;from-tag=theirs`);
    expect(await second.refer('b', `<sip:x@edge?Replaces=${replaces}>`)).toBe(491);
    go();
    await on.settled();
    expect([...on.calls.keys()]).toEqual([first.call.id]);
  });

  test('whose other call ends meanwhile fails, and the first call goes on', async () => {
    const { on, first, second, ask } = await consulted();
    second.a.answersReinvite = async () => {
      second.a.hangsUp();
      await on.settled();
      return { kind: 'gone' };
    };
    expect(await ask()).toBe(202);
    await on.settled();
    expect(told(on)).toContain('transfer-failed');
    expect([...on.calls.keys()]).toEqual([first.call.id]);
    expect(first.b.byes).toEqual([]);
  });
});

describe('call.transfer of kind refer', () => {
  const refer = { kind: 'refer', ringSeconds: 20 };

  test('asks the carrier, follows what it says, and ends both sides once it has been answered', async () => {
    const { on, a, b, command } = await aCall();
    await command({ number: '+15550111' }, refer);
    expect(a.refers).toMatchObject([{ 'Refer-To': '<sip:+15550111@192.0.2.1:5060>' }]);
    a.notifies('SIP/2.0 100 Trying', 'active;expires=60');
    a.notifies('SIP/2.0 180 Ringing', 'active;expires=50');
    expect([a.byes, b.byes, on.attempts.length]).toEqual([[], [], 1]);
    a.notifies('SIP/2.0 200 OK', 'terminated;reason=noresource');
    await on.settled();
    expect(told(on)).toEqual(['transferring', 'transferred', 'ended']);
    expect(on.event('call.ended')).toMatchObject({ reason: 'transferred', sipStatus: 200 });
    expect([a.byes.length, b.byes.length, on.clock.pending()]).toEqual([1, 1, 0]);
  });

  test.each([
    [
      'a failure of the target',
      (a: FakeInvite['dialog']) => a.notifies('SIP/2.0 603 Decline', 'terminated'),
      603,
      'target',
    ],
    [
      'an end that says nothing',
      (a: FakeInvite['dialog']) => a.notifies('', 'terminated;reason=timeout'),
      null,
      'referee',
    ],
  ])('goes on as before after %s', async (_what, happens, sipStatus, failedBy) => {
    const { on, a, b, command } = await aCall();
    await command({ number: '+15550111' }, refer);
    happens(a);
    await on.settled();
    expect(on.event('call.transfer-failed')).toMatchObject({ sipStatus, failedBy });
    expect([a.byes, b.byes, on.calls.size]).toEqual([[], [], 1]);
    expect(await command({ number: '+15550111' })).toEqual({ applied: true });
  });

  test('goes on where the carrier refuses, or says nothing at all', async () => {
    const { on, a, command } = await aCall();
    a.referStatus = 405;
    await command({ number: '+15550111' }, refer);
    expect(on.event('call.transfer-failed')).toMatchObject({ sipStatus: 405, failedBy: 'referee' });
    a.referStatus = 202;
    await command({ number: '+15550111' }, refer);
    on.clock.pass(30_000);
    await on.settled();
    expect(told(on)).toEqual(['transferring', 'transfer-failed', 'transferring', 'transfer-failed']);
    const last = on.events.findLast(({ type }) => type === 'call.transfer-failed');
    expect(last).toMatchObject({ sipStatus: null, failedBy: 'referee' });
    expect(on.calls.size).toBe(1);
  });

  test('to an agent names one of its targets', async () => {
    const { a, command } = await aCall();
    await command({ agent: 'desk' }, refer);
    expect(a.refers).toMatchObject([{ 'Refer-To': '<sip:one@198.51.100.5>' }]);
  });
});
