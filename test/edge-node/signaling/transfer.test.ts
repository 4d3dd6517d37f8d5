import { describe, expect, test } from 'vitest';
import { sdpOf, stage, untroubled } from './stage.ts';
import { aCall, told, transferConfig } from './transfer-call.ts';

const NUMBER = { number: '+15550111' };

describe('call.transfer', () => {
  test('calls a number over its trunk; who answers takes the place of the agent, and the caller hears nothing of it', async () => {
    const { on, call, a, b, command } = await aCall();
    expect(await command(NUMBER)).toEqual({ applied: true });
    const newcomer = on.attempt(1);
    expect(newcomer.request).toMatchObject({ uri: 'sip:+15550111@192.0.2.9:5060' });
    expect(newcomer.request.from.number).toBe('+15550199');
    newcomer.rings();
    await on.settled();
    expect([b.byes, told(on)]).toEqual([[], ['transferring']]);
    newcomer.answers();
    await on.settled();
    expect(told(on)).toEqual(['transferring', 'transferred']);
    expect(on.event('call.transferred')).toMatchObject({
      kind: 'bridged',
      by: 'command',
      target: '+15550111',
    });
    expect([a.reinvites, a.byes, b.byes.length]).toEqual([[], [], 1]);
    expect(call.b).toBe(newcomer.dialog);
    expect(on.media.newcomers).toEqual(['offer b', 'takes b', 'stays b']);
    expect(on.event('call.media-changed')).toMatchObject({ leg: 'b', cause: 'transfer', relayed: false });
  });

  test('who has come ends the call by a BYE, and who left does not any more', async () => {
    const { on, a, b, command } = await aCall();
    await command(NUMBER);
    on.attempt(1).answers();
    await on.settled();
    b.hangsUp();
    await on.settled();
    expect(on.calls.size).toBe(1);
    on.attempt(1).dialog.hangsUp();
    await on.settled();
    expect(on.event('call.ended')).toMatchObject({ reason: 'callee-hangup' });
    expect([a.byes.length, on.media.ended.length, on.clock.pending()]).toEqual([1, 1, 0]);
  });

  test('to an agent calls its targets in their order', async () => {
    const { on, call, command } = await aCall();
    await command({ agent: 'desk' });
    on.attempt(1).fails(503);
    await on.settled();
    expect(on.event('call.attempt-failed')).toMatchObject({ target: 'desk-1', tryingNext: true });
    on.attempt(2).answers();
    await on.settled();
    expect(on.attempt(2).request.uri).toBe('sip:two@198.51.100.6');
    expect(call.b).toBe(on.attempt(2).dialog);
  });

  test.each([
    [486, 'target', 486],
    [603, 'target', 603],
    [404, 'target', 404],
  ])(
    'that is answered with %i leaves the call as it was, and says by whom it failed',
    async (status, failedBy, sipStatus) => {
      const { on, call, a, b, command } = await aCall();
      await command(NUMBER);
      on.attempt(1).fails(status);
      await on.settled();
      expect(told(on)).toEqual(['transferring', 'transfer-failed']);
      expect(on.event('call.transfer-failed')).toMatchObject({ failedBy, sipStatus });
      expect([call.a, call.b, a.byes, b.byes]).toEqual([a, b, [], []]);
      expect(on.media.newcomers.at(-1)).toBe('leaves b');
      expect(await command(NUMBER)).toEqual({ applied: true });
    },
  );

  test('that nobody answers ends with its ring timer', async () => {
    const { on, b, command } = await aCall();
    await command(NUMBER, { ringSeconds: 20 });
    on.attempt(1).rings();
    on.clock.pass(20_000);
    await on.settled();
    expect(on.attempt(1).cancelled).toBe(true);
    expect(on.event('call.transfer-failed')).toMatchObject({ failedBy: 'target', sipStatus: 480 });
    expect(b.byes).toEqual([]);
  });

  test.each([
    [{ number: '+442071234567' }, 'to: unknown-number'],
    [{ agent: 'nobody' }, 'to: unknown-number'],
    [{ uri: 'sip:root@10.0.0.1' }, 'to: unknown-number'],
  ])('to %j is refused: nothing of the configuration leads there', async (to, message) => {
    const { on, command } = await aCall();
    expect(await command(to)).toMatchObject({ applied: false, reason: 'failed' });
    expect((await command(to)) as { message?: string }).toMatchObject({
      message: expect.stringContaining(message),
    });
    expect([on.attempts.length, told(on)]).toEqual([1, []]);
  });

  test('while another one is on its way is refused, and the first one goes on', async () => {
    const { on, command, refer } = await aCall();
    await command(NUMBER);
    expect(await command({ agent: 'desk' })).toMatchObject({ applied: false, reason: 'wrong-state' });
    expect(await refer('b', '<sip:+15550112@edge>')).toBe(491);
    expect(on.attempts).toHaveLength(2);
    on.attempt(1).answers();
    await on.settled();
    expect(told(on)).toEqual(['transferring', 'transferred']);
  });

  test('of a call that is not answered is refused', async () => {
    const on = stage({ config: transferConfig });
    on.invite();
    await on.settled();
    const [call] = on.calls.values();
    const outcome = await call?.command({
      ...{ version: 1, id: on.clock.newId(), type: 'call.transfer', callId: call.id },
      ...{ to: NUMBER, kind: 'bridged', leg: 'a', ringSeconds: 30 },
    });
    expect(outcome).toMatchObject({ applied: false, reason: 'wrong-state' });
  });

  test('of the agent puts somebody else into the place of the caller, over whose trunk nothing is held any more', async () => {
    const { on, call, a, b, command } = await aCall();
    on.media.tellsTheOther = sdpOf('0 101', 30_000);
    await command({ agent: 'desk' }, { leg: 'b' });
    expect(on.media.newcomerOffers).toMatchObject([{ from: 'b' }]);
    on.attempt(1).answers();
    await on.settled();
    expect(call.a).toBe(on.attempt(1).dialog);
    expect([a.byes.length, b.byes, b.reinvites]).toEqual([1, [], []]);
    on.attempt(1).dialog.hangsUp();
    await on.settled();
    expect(on.event('call.ended')).toMatchObject({ reason: 'caller-hangup' });
    expect(b.byes).toHaveLength(1);
  });

  test('holds a line of the trunk of whom it calls, and gives it back when that one is handed on', async () => {
    const lines = new Map<string, number>();
    const count = (trunk: string, by: number) => void lines.set(trunk, (lines.get(trunk) ?? 0) + by);
    const trunks = () => ({
      ...untroubled,
      take: (trunk: string) => {
        count(trunk, 1);
        return () => count(trunk, -1);
      },
    });
    const { on, a, command } = await aCall(stage({ config: transferConfig, trunks }));
    expect(lines.get('carrier')).toBe(1);
    await command(NUMBER);
    on.attempt(1).answers();
    await on.settled();
    expect(lines.get('carrier')).toBe(2);
    await command({ agent: 'desk' });
    on.attempt(2).answers();
    await on.settled();
    expect(lines.get('carrier')).toBe(1);
    await command({ number: '+15550112' });
    on.attempt(3).fails(486);
    await on.settled();
    expect(lines.get('carrier')).toBe(1);
    a.hangsUp();
    await on.settled();
    expect(lines.get('carrier')).toBe(0);
  });

  test('lets the digits of who has come go on, and counts them for its trunk', async () => {
    const { on, a, command } = await aCall();
    await command(NUMBER);
    on.attempt(1).answers();
    await on.settled();
    const body = 'Signal=5\r\nDuration=160\r\n';
    expect(on.attempt(1).dialog.sendsInfo('application/dtmf-relay', body)).toBe(200);
    await on.settled();
    expect(on.event('dtmf.received')).toMatchObject({ leg: 'b', digit: '5', trunk: 'carrier' });
    expect(a.infos).toEqual([body]);
  });

  test('of a caller that the agent has on hold ends the hold with a re-INVITE', async () => {
    const { on, a, b, command } = await aCall();
    await b.changes({
      method: 'INVITE',
      sdp: `${sdpOf('0 101', 6_000).replace('o=- 1 1', 'o=- 1 2')}a=sendonly\r\n`,
    });
    await on.settled();
    expect(a.reinvites).toHaveLength(1);
    await command(NUMBER);
    on.attempt(1).answers();
    await on.settled();
    expect(a.reinvites).toHaveLength(2);
    expect(on.event('call.resumed')).toMatchObject({ leg: 'b' });
    expect(on.media.hushed).toEqual({ a: false, b: false });
    expect(told(on)).toEqual(['transferring', 'transferred']);
  });

  test('whose media the caller would have to change asks the caller; where it refuses, the call goes on with the agent', async () => {
    const { on, call, a, b, command } = await aCall();
    on.media.tellsTheOther = sdpOf('8 101', 30_002);
    a.answersReinvite = () => ({ kind: 'refused', status: 488 });
    await command(NUMBER);
    on.attempt(1).answers();
    await on.settled();
    expect(a.reinvites).toHaveLength(1);
    expect(on.event('call.transfer-failed')).toMatchObject({ sipStatus: 488, failedBy: 'platform' });
    expect([call.b, b.byes, on.attempt(1).dialog.byes.length]).toEqual([b, [], 1]);
    expect(on.media.newcomers.at(-1)).toBe('leaves b');
  });

  test('waits for a re-INVITE that is on its way, and the other way round', async () => {
    const { on, a, b, command } = await aCall();
    let go = () => {};
    a.answersReinvite = () =>
      new Promise((resolve) => {
        go = () => resolve({ kind: 'answered', sdp: sdpOf() });
      });
    const held = b.changes({
      method: 'INVITE',
      sdp: `${sdpOf('0 101', 6_000).replace('o=- 1 1', 'o=- 1 2')}a=inactive\r\n`,
    });
    await on.settled();
    await command(NUMBER);
    on.attempt(1).answers();
    await on.settled();
    expect(on.media.newcomers).toEqual(['offer b']);
    a.answersReinvite = () => ({ kind: 'answered', sdp: sdpOf() });
    go();
    expect(await held).toMatchObject({ status: 200 });
    await on.settled();
    expect(told(on)).toEqual(['transferring', 'transferred']);
  });

  test('fails where rtpengine is away, and the call goes on', async () => {
    const { on, call, b, command } = await aCall();
    on.media.failure = new Error('rtpengine is away');
    await command(NUMBER);
    await on.settled();
    expect(on.event('call.transfer-failed')).toMatchObject({ failedBy: 'platform' });
    expect([call.b, on.calls.size]).toEqual([b, 1]);
  });
});

describe('while somebody is called', () => {
  test('a caller that hangs up ends the call: the INVITE is cancelled, and nothing is left', async () => {
    const { on, a, b, command } = await aCall();
    await command(NUMBER);
    on.attempt(1).rings();
    a.hangsUp();
    await on.settled();
    expect(told(on)).toEqual(['transferring', 'transfer-failed', 'ended']);
    expect(on.event('call.transfer-failed')).toMatchObject({ sipStatus: 487, detail: 'the call ended' });
    expect([on.attempt(1).cancelled, b.byes.length, on.calls.size]).toEqual([true, 1, 0]);
    expect([on.media.ended.length, on.clock.pending()]).toEqual([1, 0]);
  });

  test('a target that answers as the caller hangs up is hung up as well', async () => {
    const { on, a, command } = await aCall();
    await command(NUMBER);
    on.attempt(1).answers();
    a.hangsUp();
    await on.settled();
    expect(on.attempt(1).dialog.byes).toHaveLength(1);
    expect(told(on).at(-1)).toBe('ended');
    expect([on.calls.size, on.media.ended.length, on.clock.pending()]).toEqual([0, 1, 0]);
  });

  test('a command that ends the call cancels the INVITE', async () => {
    const { on, call, command } = await aCall();
    await command(NUMBER);
    await call.end({ reason: 'hung-up-by-command' });
    await on.settled();
    expect(on.attempt(1).cancelled).toBe(true);
    expect([on.calls.size, on.clock.pending()]).toEqual([0, 0]);
  });

  test('an agent that hangs up does not end the call; nobody waits for it', async () => {
    const { on, call, a, b, command } = await aCall();
    await command(NUMBER);
    b.hangsUp();
    await on.settled();
    expect([a.byes, on.calls.size]).toEqual([[], 1]);
    on.attempt(1).answers();
    await on.settled();
    expect(call.b).toBe(on.attempt(1).dialog);
  });

  test('an agent that has hung up cannot have the call back: where nobody answers, it ends', async () => {
    const { on, a, b, command } = await aCall();
    await command(NUMBER);
    b.hangsUp();
    on.attempt(1).fails(486);
    await on.settled();
    expect(told(on)).toEqual(['transferring', 'transfer-failed', 'ended']);
    expect(on.event('call.ended')).toMatchObject({ reason: 'callee-hangup' });
    expect([a.byes.length, on.calls.size, on.clock.pending()]).toEqual([1, 0, 0]);
  });
});
