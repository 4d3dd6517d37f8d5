import { describe, expect, test } from 'vitest';
import { Command } from '../../../contracts/commands.ts';
import type { RoutingConfigInput } from '../../../contracts/config.ts';
import { readSession } from '../../../edge-node/signaling/sdp.ts';
import { SESSION_EXPIRED, type SessionAnswer } from '../../../edge-node/signaling/sip.ts';
import { FakeInvite, type Stage, sdpOf, stage, twoTargets } from './stage.ts';

interface Said {
  readonly version?: number;
  readonly codecs?: string;
  readonly direction?: string;
  readonly ip?: string;
  readonly port?: number;
}

/** What a side says in a later offer: the same session in another version. */
function session({ version = 2, codecs = '0 101', direction, ip = '127.0.0.1', port = 4000 }: Said = {}) {
  const sdp = sdpOf(codecs, port)
    .replace('o=- 1 1 ', `o=- 1 ${version} `)
    .replace(/^c=.*$/m, `c=IN IP4 ${ip}`);
  return direction ? `${sdp}a=${direction}\r\n` : sdp;
}

const directionOf = (answer: SessionAnswer | string) => {
  const sdp = typeof answer === 'string' ? answer : answer.status === 200 ? answer.sdp : undefined;
  return sdp === undefined ? undefined : readSession(sdp)?.direction;
};

/** A call that is up between a carrier and the first target. */
async function aCall(config: RoutingConfigInput = twoTargets, invite = new FakeInvite()) {
  const on = stage({ config });
  on.invite(invite);
  await on.settled();
  on.attempt(0).answers();
  await on.settled();
  expect(on.types()).toContain('call.answered');
  const { dialog: b } = on.attempt(0);
  const asked = async (
    sdp: string | undefined,
    method: 'INVITE' | 'UPDATE' = 'INVITE',
    by = invite.dialog,
  ) => {
    const answer = await by.changes({ method, sdp });
    await on.settled();
    return answer;
  };
  return { on, invite, a: invite.dialog, b, asked };
}

const said = ({ events }: Stage) =>
  events
    .filter(({ type }) => ['call.held', 'call.resumed', 'call.media-changed'].includes(type))
    .map(({ type }) => type);

describe('a re-INVITE', () => {
  test('that says the same version is a refresh: answered with what we said, and nothing is sent on', async () => {
    const { on, b, asked } = await aCall();
    const answer = await asked(sdpOf());
    expect(answer).toMatchObject({ status: 200, sdp: sdpOf('0 101', 30_002) });
    expect([b.reinvites, on.media.reoffers, said(on)]).toEqual([[], [], []]);
  });

  test('with another address is answered, and the other side hears nothing of it', async () => {
    const { on, b, asked } = await aCall();
    expect(await asked(session({ port: 4_444 }))).toMatchObject({ status: 200 });
    expect(on.media.reoffers).toMatchObject([{ from: 'a' }]);
    expect(b.reinvites).toEqual([]);
    expect(on.event('call.media-changed')).toMatchObject({ leg: 'a', cause: 'reinvite', relayed: false });
  });

  test('with a codec that the policy excludes gets 488, and the call stays as it was', async () => {
    const { on, b, asked } = await aCall();
    expect(await asked(session({ codecs: '18 101' }))).toMatchObject({ status: 488 });
    expect([b.reinvites, on.media.reoffers, said(on)]).toEqual([[], [], []]);
    expect(await asked(sdpOf())).toMatchObject({ status: 200 });
  });

  test('with a codec that the other side does not use asks the other side as well', async () => {
    const { on, b, asked } = await aCall();
    b.answersReinvite = () => ({ kind: 'answered', sdp: sdpOf('8 101', 6_000) });
    expect(await asked(session({ codecs: '8 101' }))).toMatchObject({ status: 200 });
    expect(b.reinvites).toHaveLength(1);
    expect(on.media.reoffers[0]?.codecs).toMatchObject({ kept: ['PCMA'], transcoded: [] });
    expect(on.event('call.media-changed')).toMatchObject({ relayed: true });
  });

  test('whose codec the other side refuses gets 488, and rtpengine is told again what was agreed on', async () => {
    const { on, b, asked } = await aCall();
    b.answersReinvite = () => ({ kind: 'refused', status: 488 });
    expect(await asked(session({ codecs: '8 101' }))).toMatchObject({ status: 488 });
    expect(on.media.reoffers.map(({ sdp }) => readSession(sdp)?.codecs)).toEqual([['PCMA'], ['PCMU']]);
    expect(said(on)).toEqual([]);
    expect(on.calls.size).toBe(1);
  });

  test('with a codec that is converted is not sent on', async () => {
    const agent = twoTargets.agents['echo'];
    const config: RoutingConfigInput = {
      ...twoTargets,
      agents: { echo: { targets: agent?.targets ?? [], policy: 'wide' } },
      policies: { wide: { codecs: { keep: ['PCMU'], transcode: ['G729'] } } },
    };
    const { on, b, asked } = await aCall(config);
    expect(await asked(session({ codecs: '18 101' }))).toMatchObject({ status: 200 });
    expect(b.reinvites).toEqual([]);
    expect(on.media.reoffers[0]?.codecs).toMatchObject({ kept: [], transcoded: ['G729'], add: ['PCMU'] });
  });

  test.each(['no SDP at all', 'v=0\r\nm=video 9 RTP/AVP 96\r\n', sdpOf('0', 0)])(
    'with %j gets 488',
    async (sdp) => {
      const { on, asked } = await aCall();
      expect(await asked(sdp)).toMatchObject({ status: 488 });
      expect(on.calls.size).toBe(1);
    },
  );

  test('that rtpengine cannot take gets 488, and the call goes on', async () => {
    const { on, asked } = await aCall();
    on.media.failure = new Error('rtpengine is away');
    expect(await asked(session({ port: 4_444 }))).toMatchObject({ status: 488 });
    expect(on.calls.size).toBe(1);
  });

  test('before both legs stand is too early', async () => {
    const on = stage();
    const invite = on.invite();
    await on.settled();
    expect(await invite.dialog.changes({ method: 'INVITE', sdp: session() })).toEqual({ status: 491 });
  });

  test('that comes while another is answered waits its turn', async () => {
    const { on, a, b } = await aCall();
    const order: string[] = [];
    let go = () => {};
    b.answersReinvite = () =>
      new Promise((resolve) => {
        go = () => resolve({ kind: 'answered', sdp: sdpOf('0 101', 6_000) });
      });
    const first = a.changes({ method: 'INVITE', sdp: session({ direction: 'sendonly' }) });
    const second = b.changes({ method: 'INVITE', sdp: session({ port: 7_777 }) });
    void first.then(() => order.push('first'));
    void second.then(() => order.push('second'));
    await on.settled();
    expect([order, on.media.reoffers.length]).toEqual([[], 1]);
    go();
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
  });

  test('more than can wait are told to come later, and none is lost', async () => {
    const { a, b } = await aCall();
    let go = () => {};
    b.answersReinvite = () =>
      new Promise((resolve) => {
        go = () => resolve({ kind: 'refused', status: 488 });
      });
    const flood = Array.from({ length: 12 }, (_, index) =>
      a.changes({ method: 'INVITE', sdp: session({ version: index + 2, direction: 'inactive' }) }),
    );
    const late = await Promise.race(flood.slice(8));
    expect(late).toMatchObject({ status: 500, headers: { 'Retry-After': '1' } });
    b.answersReinvite = () => ({ kind: 'refused', status: 488 });
    await new Promise((resolve) => setImmediate(resolve));
    go();
    expect((await Promise.all(flood)).map(({ status }) => status)).toEqual([
      ...Array(8).fill(200),
      ...Array(4).fill(500),
    ]);
  });

  test('that a BYE crosses changes nothing any more', async () => {
    const { on, a, b, asked } = await aCall();
    b.answersReinvite = async () => {
      a.hangsUp();
      await on.settled();
      return { kind: 'gone' };
    };
    expect((await asked(session({ direction: 'sendonly' }))).status).not.toBe(200);
    expect(on.event('call.ended')).toMatchObject({ reason: 'caller-hangup' });
    expect([on.calls.size, on.media.ended.length, said(on)]).toEqual([0, 1, []]);
  });

  test('to a side that knows no such call any more ends it', async () => {
    const { on, b, asked } = await aCall();
    b.answersReinvite = () => ({ kind: 'gone' });
    await asked(session({ direction: 'sendonly' }));
    expect(on.event('call.ended')).toMatchObject({ reason: 'callee-hangup' });
    expect(b.byes).toEqual([]);
  });
});

describe('a re-INVITE without SDP', () => {
  test('gets our offer, and the answer in its ACK is taken', async () => {
    const { on, asked, b } = await aCall();
    const answer = await asked(undefined);
    if (answer.status !== 200) throw new Error('it was refused');
    expect(answer.sdp).toContain('m=audio 30002');
    answer.acked?.(session({ port: 4_444 }));
    await on.settled();
    expect(on.media.reoffers).toMatchObject([{ from: 'a' }]);
    expect(b.reinvites).toEqual([]);
    expect(on.event('call.media-changed')).toMatchObject({ leg: 'a' });
  });

  test('that ends a hold offers both ways again, and the other side resumes', async () => {
    const { on, asked, b } = await aCall();
    await asked(session({ direction: 'sendonly' }));
    const answer = await asked(undefined);
    expect(directionOf(answer)).toBe('sendrecv');
    if (answer.status === 200) answer.acked?.(session({ version: 3 }));
    await on.settled();
    expect(said(on)).toEqual(['call.held', 'call.resumed']);
    expect(b.reinvites.map(directionOf)).toEqual(['sendonly', 'sendrecv']);
  });

  test('whose ACK has no SDP changes nothing', async () => {
    const { on, asked } = await aCall();
    const answer = await asked(undefined);
    if (answer.status === 200) answer.acked?.(undefined);
    await on.settled();
    expect([on.media.reoffers, said(on), on.calls.size]).toEqual([[], [], 1]);
  });
});

describe('hold', () => {
  test.each([
    ['sendonly', { direction: 'sendonly' }, 'sendonly'],
    ['recvonly', { direction: 'recvonly' }, 'recvonly'],
    ['inactive', { direction: 'inactive' }, 'inactive'],
    ['the address 0.0.0.0', { ip: '0.0.0.0' }, 'sendonly'],
  ])('by %s is told, sent on, and ended by an SDP without a direction', async (_how, over, direction) => {
    const { on, a, b, asked } = await aCall();
    expect(await asked(session(over))).toMatchObject({ status: 200 });
    expect(on.event('call.held')).toMatchObject({ leg: 'a', by: 'peer', direction });
    expect(b.reinvites.map(directionOf)).toEqual([direction]);
    expect(await asked(session({ version: 3 }), 'INVITE', a)).toMatchObject({ status: 200 });
    expect(said(on)).toEqual(['call.held', 'call.resumed']);
    expect(b.reinvites.map(directionOf)).toEqual([direction, 'sendrecv']);
  });

  test('of the agent reaches the caller', async () => {
    const { on, a, b, asked } = await aCall();
    expect(await asked(session({ direction: 'inactive' }), 'INVITE', b)).toMatchObject({ status: 200 });
    expect(on.event('call.held')).toMatchObject({ leg: 'b', by: 'peer' });
    expect(a.reinvites.map(directionOf)).toEqual(['inactive']);
  });

  test('that the other side refuses is answered all the same', async () => {
    const { on, b, asked } = await aCall();
    b.answersReinvite = () => ({ kind: 'refused', status: 405 });
    expect(await asked(session({ direction: 'sendonly' }))).toMatchObject({ status: 200 });
    expect(said(on)).toEqual(['call.held']);
  });

  test('keeps the silence of both sides from ending the call, and each from being heard', async () => {
    const { on, asked } = await aCall();
    const [call] = on.calls.values();
    await asked(session({ direction: 'inactive' }));
    expect([call?.held, on.media.hushed]).toEqual([
      { a: true, b: true },
      { a: true, b: true },
    ]);
    await asked(session({ version: 3, direction: 'sendonly' }));
    // Music on hold is heard.
    expect(on.media.hushed).toEqual({ a: false, b: true });
    await asked(session({ version: 4 }));
    expect([call?.held, on.media.hushed]).toEqual([
      { a: false, b: false },
      { a: false, b: false },
    ]);
  });

  test('by UPDATE is a hold as well', async () => {
    const { on, asked } = await aCall();
    expect(await asked(session({ direction: 'sendonly' }), 'UPDATE')).toMatchObject({ status: 200 });
    expect(said(on)).toEqual(['call.held']);
  });
});

test.each(['a', 'b'] as const)(
  'a call whose leg %s refreshes its session no more ends, and says so',
  async (leg) => {
    const { on, a, b } = await aCall();
    const { gone, other } = leg === 'a' ? { gone: a, other: b } : { gone: b, other: a };
    gone.hangsUp(SESSION_EXPIRED);
    await on.settled();
    expect(on.event('call.ended')).toMatchObject({
      ...{ reason: 'session-expired', blame: 'upstream' },
      detail: `leg ${leg} did not refresh its session`,
    });
    expect([gone.byes.length, other.byes.length]).toEqual([0, 1]);
  },
);

test('an UPDATE without SDP is answered, and nothing more', async () => {
  const { on, asked, b } = await aCall();
  expect(await asked(undefined, 'UPDATE')).toEqual({ status: 200, sdp: undefined });
  expect([b.reinvites, on.media.reoffers]).toEqual([[], []]);
});

test('our session stays one session for each side, with a higher version for each change', async () => {
  const { b, asked } = await aCall();
  const originOf = (sdp: string | undefined) => sdp?.match(/^o=(\S+) (\S+) (\S+)/m)?.slice(1);
  await asked(session({ direction: 'sendonly' }));
  await asked(session({ version: 3 }));
  await asked(session({ version: 4, direction: 'inactive' }));
  expect(b.reinvites.map(originOf)).toEqual([
    ['-', '1', '2'],
    ['-', '1', '3'],
    ['-', '1', '4'],
  ]);
});

describe('a command', () => {
  const ids = { version: 1, id: '01KG9YV23035BRXQVSX5EN70PC', callId: '01KG9YS7G0XP7CFC7J2SPVFN2P' } as const;
  const commanded = async (on: Stage, command: object) => {
    const [call] = on.calls.values();
    if (!call) throw new Error('there is no call');
    const outcome = await call.command(Command.parse({ ...ids, ...command }));
    await on.settled();
    return outcome;
  };

  test('to hold tells the side that nobody listens, and the other side is not heard', async () => {
    const { on, a, b } = await aCall();
    a.answersReinvite = () => ({ kind: 'answered', sdp: session({ direction: 'recvonly' }) });
    expect(await commanded(on, { type: 'call.hold', leg: 'a' })).toEqual({ applied: true });
    expect([a.reinvites.map(directionOf), b.reinvites]).toEqual([['sendonly'], []]);
    expect(on.event('call.held')).toMatchObject({ leg: 'a', by: 'command', direction: 'recvonly' });
    expect([on.media.hushed, [...on.calls.values()][0]?.held]).toEqual([
      { a: true, b: true },
      { a: true, b: true },
    ]);
    a.answersReinvite = () => ({ kind: 'answered', sdp: session({ version: 3 }) });
    expect(await commanded(on, { type: 'call.resume', leg: 'a' })).toEqual({ applied: true });
    expect(a.reinvites.map(directionOf)).toEqual(['sendonly', 'sendrecv']);
    expect([on.event('call.resumed'), on.media.hushed]).toMatchObject([
      { leg: 'a', by: 'command' },
      { a: false, b: false },
    ]);
  });

  test('to hold that the side refuses changes nothing, and says why', async () => {
    const { on, a } = await aCall();
    a.answersReinvite = () => ({ kind: 'refused', status: 488 });
    const outcome = await commanded(on, { type: 'call.hold', leg: 'a' });
    expect(outcome).toMatchObject({
      applied: false,
      reason: 'failed',
      message: expect.stringContaining('488'),
    });
    expect(on.media.reoffers.map(({ from, sdp }) => [from, directionOf(sdp)])).toEqual([
      ['b', 'sendonly'],
      ['a', 'sendrecv'],
    ]);
    expect([said(on), on.media.hushed]).toEqual([[], { a: false, b: false }]);
  });

  test('to hold twice, or to resume who is not on hold, is refused', async () => {
    const { on } = await aCall();
    expect(await commanded(on, { type: 'call.resume', leg: 'b' })).toMatchObject({ reason: 'wrong-state' });
    await commanded(on, { type: 'call.hold', leg: 'b' });
    expect(await commanded(on, { type: 'call.hold', leg: 'b' })).toMatchObject({ reason: 'wrong-state' });
  });

  test('to hold a call that still rings is refused', async () => {
    const on = stage();
    on.invite();
    await on.settled();
    expect(await commanded(on, { type: 'call.hold' })).toMatchObject({ reason: 'wrong-state' });
  });

  test('for other codecs asks one side, and converts for the other', async () => {
    const { on, a, b } = await aCall();
    a.answersReinvite = () => ({ kind: 'answered', sdp: session({ codecs: '8 101' }) });
    const update = { type: 'call.update-media', leg: 'a', codecs: ['PCMA'], ptime: 40 };
    expect(await commanded(on, update)).toEqual({ applied: true });
    expect(on.media.reoffers).toMatchObject([
      { from: 'b', codecs: { kept: [], transcoded: ['PCMU'], add: ['PCMA'] }, ptime: { a: 40 } },
    ]);
    expect([a.reinvites.length, b.reinvites.length]).toEqual([1, 0]);
    expect(on.event('call.media-changed')).toMatchObject({ leg: 'a', cause: 'command', relayed: false });
  });

  test('for a codec that the policy excludes, or for nothing, is refused and says so', async () => {
    const { on, a } = await aCall();
    expect(await commanded(on, { type: 'call.update-media', leg: 'a', codecs: ['G729'] })).toMatchObject({
      reason: 'invalid',
      message: 'codecs: the policy of this call excludes G729; it has pcmu, pcma',
    });
    expect(await commanded(on, { type: 'call.update-media', leg: 'a' })).toMatchObject({ reason: 'invalid' });
    expect(a.reinvites).toEqual([]);
  });
});

test('what was agreed on is told with its rules, and without keys', async () => {
  const { on, asked } = await aCall();
  expect(on.event('call.answered').negotiation).toMatchObject({
    offerer: 'a',
    codecs: [{ codec: 'PCMU', outcome: 'kept', rule: 'the policy: keep has it' }],
    a: { said: expect.stringContaining('m=audio 4000'), told: expect.stringContaining('m=audio 30002') },
    b: { said: expect.stringContaining('m=audio 6000'), told: expect.stringContaining('m=audio 30000') },
  });
  const key = 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0';
  const crypto = `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${key}\r\n`;
  await asked(session({ direction: 'sendonly' }).replace('RTP/AVP', 'RTP/SAVP') + crypto);
  expect(on.event('call.held').negotiation?.a.said).toContain('AES_CM_128_HMAC_SHA1_80 …');
  expect(JSON.stringify(on.events)).not.toContain(key);
});
