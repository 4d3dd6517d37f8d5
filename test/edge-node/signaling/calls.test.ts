import { describe, expect, test } from 'vitest';
import { MediaError } from '../../../edge-node/ports.ts';
import { FakeInvite, sdpOf, stage, twoTargets } from './stage.ts';

describe('a call that is answered', () => {
  test('rings, is answered, and both legs are joined; the caller hangs up and everything is freed', async () => {
    const s = stage();
    const alice = s.invite();
    await s.settled();
    s.attempt(0).rings();
    s.attempt(0).answers();
    await s.settled();
    expect(alice.told).toEqual(['180', '200']);
    alice.dialog.hangsUp();
    await s.settled();
    expect(s.types()).toEqual([
      'call.received',
      'call.routed',
      'call.ringing',
      'call.answered',
      'call.ended',
    ]);
    expect(s.event('call.ended')).toMatchObject({
      reason: 'caller-hangup',
      blame: 'caller',
      media: { a: { packets: 100 } },
    });
    expect(s.attempt(0).dialog.byes).toHaveLength(1);
    expect(alice.dialog.byes).toEqual([]);
    expect([s.media.ended.length, s.calls.size, s.clock.pending()]).toEqual([1, 0, 0]);
  });

  test('numbers its events from 0 without a gap, and announces the call with the deadline of its decision', async () => {
    const s = stage();
    s.invite();
    await s.settled();
    s.attempt(0).answers();
    await s.settled();
    expect(s.events.map((event) => ('seq' in event ? event.seq : -1))).toEqual([0, 1, 2]);
    expect(s.event('call.received')).toMatchObject({
      expiresAt: '2026-01-01T00:00:01.500Z',
      replyTo: 'http://127.0.0.1/queue',
      offer: { codecs: ['PCMU'], dtmf: true, encrypted: false },
    });
  });

  test('the agent hangs up: the caller gets a BYE', async () => {
    const s = stage();
    const alice = s.invite();
    await s.settled();
    s.attempt(0).answers();
    await s.settled();
    s.attempt(0).dialog.hangsUp();
    await s.settled();
    expect(alice.dialog.byes).toHaveLength(1);
    expect(s.attempt(0).dialog.byes).toEqual([]);
    expect(s.event('call.ended')).toMatchObject({ reason: 'callee-hangup', blame: 'callee' });
  });

  test('early media goes to the caller as 183, before the 200 that follows at once', async () => {
    const s = stage();
    const alice = s.invite();
    await s.settled();
    s.attempt(0).playsEarlyMedia();
    s.attempt(0).answers();
    await s.settled();
    expect(alice.told).toEqual(['183 with SDP', '200']);
    expect(s.types()).toContain('call.early-media');
  });

  test('lasts no longer than its policy allows', async () => {
    const s = stage({ config: { ...twoTargets, policies: { default: { maxDurationSeconds: 60 } } } });
    const alice = s.invite();
    await s.settled();
    s.attempt(0).answers();
    await s.settled();
    s.clock.pass(60_000);
    await s.settled();
    expect(s.event('call.ended')).toMatchObject({ reason: 'max-duration', blame: 'policy', talkMs: 60_000 });
    expect([alice.dialog.byes.length, s.attempt(0).dialog.byes.length]).toEqual([1, 1]);
  });
});

describe('a CANCEL, at every moment', () => {
  test('before the decision: no target is called', async () => {
    const s = stage({ decision: 'held' });
    const alice = s.invite();
    await s.settled();
    alice.cancels();
    await s.settled();
    expect(s.attempts).toEqual([]);
    expect(s.event('call.ended')).toMatchObject({ reason: 'caller-cancelled', sipStatus: 487 });
    expect(alice.told).toEqual([]);
  });

  test('while it rings: the target is cancelled, and no other is tried', async () => {
    const s = stage();
    const alice = s.invite();
    await s.settled();
    s.attempt(0).rings();
    await s.settled();
    alice.cancels();
    await s.settled();
    expect(s.attempt(0).cancelled).toBe(true);
    expect(s.attempts).toHaveLength(1);
    expect(s.types()).toEqual(['call.received', 'call.routed', 'call.ringing', 'call.ended']);
  });

  test('crossing the 200 of the target: the target gets a BYE', async () => {
    const s = stage();
    const alice = s.invite();
    await s.settled();
    s.attempt(0).answers();
    alice.cancels();
    await s.settled();
    expect(s.attempt(0).dialog.byes).toHaveLength(1);
    expect(s.event('call.ended').reason).toBe('caller-cancelled');
    expect(s.calls.size).toBe(0);
  });

  test('crossing our 200: the target gets a BYE', async () => {
    const s = stage();
    const alice = new FakeInvite();
    alice.answerFails = true;
    s.invite(alice);
    await s.settled();
    s.attempt(0).answers();
    await s.settled();
    expect(s.attempt(0).dialog.byes).toHaveLength(1);
    expect(s.event('call.ended').reason).toBe('caller-unreachable');
  });
});

describe('failover', () => {
  test('a target that is unavailable is followed by the next one, with a fresh offer', async () => {
    const s = stage();
    const alice = s.invite();
    await s.settled();
    s.attempt(0).fails(503);
    await s.settled();
    s.attempt(1).answers();
    await s.settled();
    expect(alice.told).toEqual(['200']);
    expect(s.media.offers).toHaveLength(2);
    expect(s.event('call.attempt-failed')).toMatchObject({
      target: 'echo-1',
      reason: 'target-unavailable',
      tryingNext: true,
    });
    expect(s.event('call.answered').target).toBe('echo-2');
  });

  test('a target that rings too long is cancelled and followed by the next one', async () => {
    const s = stage();
    s.invite();
    await s.settled();
    s.attempt(0).rings();
    s.clock.pass(30_000);
    await s.settled();
    expect(s.attempt(0).cancelled).toBe(true);
    expect(s.event('call.attempt-failed')).toMatchObject({ reason: 'no-answer', tryingNext: true });
    expect(s.attempts).toHaveLength(2);
  });

  test.each([
    [486, 'callee-busy', '486'],
    [603, 'callee-declined', '603'],
  ] as const)(
    '%i is the answer of a person: no other target is tried and the caller hears it',
    async (status, reason, told) => {
      const s = stage();
      const alice = s.invite();
      await s.settled();
      s.attempt(0).fails(status);
      await s.settled();
      expect(s.attempts).toHaveLength(1);
      expect(alice.told).toEqual([told]);
      expect(s.event('call.ended')).toMatchObject({ reason, blame: 'callee' });
    },
  );

  test('when all targets fail the caller hears a 5xx', async () => {
    const s = stage();
    const alice = s.invite();
    await s.settled();
    s.attempt(0).fails(500);
    await s.settled();
    s.attempt(1).fails(503);
    await s.settled();
    expect(alice.told[0]).toMatch(/^5/);
    expect(s.types().filter((type) => type === 'call.attempt-failed')).toHaveLength(2);
  });
});

describe('a late offer', () => {
  test('the target offers, our 200 carries it, and the ACK of the caller answers it', async () => {
    const s = stage();
    const alice = s.invite(new FakeInvite({ late: true }));
    await s.settled();
    expect(s.attempt(0).request.sdp).toBeUndefined();
    s.attempt(0).answers(sdpOf('0 8 101', 6000));
    await s.settled();
    expect(alice.told).toEqual(['200']);
    expect(s.media.offers[0]).toMatchObject({ from: 'b', codecs: { kept: ['PCMU', 'PCMA'] } });
    alice.dialog.ack.resolve(sdpOf());
    await s.settled();
    expect(s.attempt(0).accepted).toHaveLength(1);
    expect(s.event('call.answered').codecs).toEqual({ a: 'PCMU', b: 'PCMU' });
  });

  test('an ACK without SDP ends the call on both sides', async () => {
    const s = stage();
    const alice = s.invite(new FakeInvite({ late: true }));
    await s.settled();
    s.attempt(0).answers();
    await s.settled();
    alice.dialog.ack.resolve(undefined);
    await s.settled();
    expect(s.event('call.ended').reason).toBe('malformed-request');
    expect([alice.dialog.byes.length, s.attempt(0).dialog.byes.length]).toEqual([1, 1]);
  });
});

describe('refusals', () => {
  test.each([
    ['an unknown number', new FakeInvite({ to: '+15559999' }), '404', 'unknown-number'],
    ['no common codec', new FakeInvite({ sdp: sdpOf('4 101') }), '488', 'no-common-codec'],
    [
      'an SDP without audio',
      new FakeInvite({ sdp: 'v=0\r\nthis is not an SDP' }),
      '400',
      'malformed-request',
    ],
  ])('%s is refused, and the record says why', async (_what, invite, status, reason) => {
    const s = stage();
    s.invite(invite);
    await s.settled();
    expect(invite.told).toEqual([status]);
    expect(s.event('call.ended').reason).toBe(reason);
    expect([s.attempts.length, s.calls.size]).toEqual([0, 0]);
  });

  test('an unknown source is refused without an event', async () => {
    const s = stage();
    const mallory = s.invite(new FakeInvite({ address: '203.0.113.9' }));
    await s.settled();
    expect(mallory.told).toEqual(['403']);
    expect(s.events).toEqual([]);
    expect(s.refused).toEqual(['unknown-source']);
  });

  test.each([
    ['drains', 'edge-draining', true, true],
    ['has no routing, no rtpengine or no room for events', 'edge-not-ready', false, false],
  ] as const)(
    'an edge that %s says 503 with Retry-After and takes no call',
    async (_, reason, drains, ready) => {
      const s = stage({ ready: () => ready });
      if (drains) s.admission.drain();
      const alice = s.invite();
      await s.settled();
      expect(alice.told).toEqual(['503']);
      expect(alice.refusedWith).toMatchObject({ 'Retry-After': '5' });
      expect(s.refused).toEqual([reason]);
      expect([s.events, s.calls.size]).toEqual([[], 0]);
    },
  );

  test('the calls of one second over the limit are refused, those under it are not touched', async () => {
    const s = stage();
    const invites = Array.from({ length: 7 }, () => s.invite());
    await s.settled();
    expect(invites.map((invite) => invite.told[0])).toEqual([...Array(5).fill(undefined), '503', '503']);
    expect(s.refused).toEqual(['edge-overloaded', 'edge-overloaded']);
  });

  test('an rtpengine that does not answer costs the call, not the edge: 503 and a record', async () => {
    const s = stage();
    s.media.failure = new MediaError('timeout', 'rtpengine gave no answer');
    const alice = s.invite();
    await s.settled();
    expect(alice.told).toEqual(['503']);
    expect(s.event('call.ended')).toMatchObject({ reason: 'media-unavailable', blame: 'platform' });
  });
});

describe('commands', () => {
  const hangup = (callId: string) =>
    ({ version: 1, id: '01ARZ3NDEKTSV4RRFFQ69G5FAV', type: 'call.hangup', callId, reason: 'done' }) as const;

  test('call.hangup ends an answered call on both sides and tells them why', async () => {
    const s = stage();
    const alice = s.invite();
    await s.settled();
    s.attempt(0).answers();
    await s.settled();
    const [call] = s.calls.values();
    expect(await call?.command(hangup(call.id))).toEqual({ applied: true });
    await s.settled();
    expect(alice.dialog.byes[0]).toContain('text="done"');
    expect(s.attempt(0).dialog.byes[0]).toContain('text="done"');
    expect(await call?.command(hangup(call.id))).toMatchObject({ applied: false, reason: 'call-ended' });
  });

  test('call.reject refuses a ringing call with the given status, and an answered one not at all', async () => {
    const s = stage();
    const alice = s.invite();
    await s.settled();
    const [call] = s.calls.values();
    const reject = {
      version: 1,
      id: '01ARZ3NDEKTSV4RRFFQ69G5FAW',
      type: 'call.reject',
      callId: call?.id ?? '',
      sipStatus: 486,
    } as const;
    expect(await call?.command(reject)).toEqual({ applied: true });
    await s.settled();
    expect(alice.told).toEqual(['486']);
    expect(s.attempt(0).cancelled).toBe(true);

    const bob = s.invite();
    await s.settled();
    s.attempt(1).answers();
    await s.settled();
    const [answered] = s.calls.values();
    expect(await answered?.command(reject)).toMatchObject({ applied: false, reason: 'wrong-state' });
    expect(bob.told).toEqual(['200']);
  });
});

describe('digits', () => {
  test('INFO digits are passed on as INFO, counted once received and once delivered', async () => {
    const s = stage();
    const alice = s.invite();
    await s.settled();
    s.attempt(0).answers();
    await s.settled();
    alice.dialog.sendsInfo('application/dtmf-relay', 'Signal=5\r\nDuration=160\r\n');
    await s.settled();
    alice.dialog.sendsInfo('application/dtmf-relay', 'Signal=99\r\n');
    await s.settled();
    expect(s.attempt(0).dialog.infos).toHaveLength(1);
    expect(s.event('dtmf.received')).toMatchObject({ digit: '5', leg: 'a', durationMs: 160, mode: 'info' });
    expect(s.event('dtmf.delivered')).toMatchObject({
      digit: '5',
      leg: 'b',
      digitId: s.event('dtmf.received').digitId,
    });
  });
});
