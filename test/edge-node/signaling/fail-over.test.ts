import { describe, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../../contracts/config.ts';
import { applyCommand } from '../../../edge-node/signaling/call-commands.ts';
import { aGateway } from './a-gateway.ts';
import { FakeInvite, stage } from './stage.ts';

const URL_1 = 'ws://192.0.2.50/one';
const URL_2 = 'ws://192.0.2.51/two';

const socketed: RoutingConfigInput = {
  version: 1,
  trunks: {
    carrier: { sources: ['192.0.2.0/24'], endpoints: [{ host: '192.0.2.9', port: 5060 }] },
  },
  numbers: { '+15550100': { agent: 'voice' }, '+15550101': { agent: 'desk' } },
  routes: { out: { prefix: '+49', from: ['carrier'], trunks: [{ trunk: 'carrier' }] } },
  agents: {
    voice: {
      targets: [
        { websocket: URL_1, priority: 1 },
        { uri: 'sip:backup@198.51.100.2', priority: 2 },
      ],
      waitAudio: 'one-moment.wav',
      lostPrompt: 'sorry.wav',
      policy: 'impatient',
    },
    desk: { targets: [{ uri: 'sip:desk@198.51.100.5' }] },
    other: {
      targets: [
        { websocket: URL_2, priority: 1 },
        { number: '+4930123456', priority: 2 },
      ],
      lostPrompt: 'goodbye.wav',
    },
  },
  policies: { impatient: { silence: { seconds: 10, action: 'hangup' } } },
};

const with_ = (voice: object) => ({
  ...socketed,
  agents: { ...socketed.agents, voice: { ...socketed.agents['voice'], ...voice } } as never,
});

/** A call that is up between the carrier and the first socket of the agent `voice`. */
async function aTalk(config: RoutingConfigInput = socketed) {
  const agents = aGateway();
  const on = stage({ config, agents });
  const invite = on.invite();
  await on.settled();
  const [call] = on.calls.values();
  if (call?.answeredAt === undefined) throw new Error('the call is not up');
  const session = (index: number) => {
    const found = agents.sessions[index];
    if (!found) throw new Error(`there is no session ${index + 1}`);
    return found;
  };
  const happens = async (what: Parameters<(typeof agents.sessions)[number]['happens']>[0], index = 0) => {
    session(index).happens(what);
    await on.settled();
  };
  const pass = async (ms: number) => {
    on.clock.pass(ms);
    await on.settled();
  };
  const transfer = async (to: object) => {
    const asked = { version: 1, id: on.clock.newId(), type: 'call.transfer', callId: call.id, to };
    await applyCommand(call, { ...asked, kind: 'bridged', leg: 'a', ringSeconds: 30 } as never);
    await on.settled();
  };
  return { on, call, invite, a: invite.dialog, agents, happens, pass, transfer };
}

const broken = { type: 'disconnected', code: 1_006, reason: '' } as const;
const lost = { type: 'failed', fault: 'disconnected', detail: 'the socket closed with 1006' } as const;

describe('an agent over a WebSocket that is called', () => {
  test('rings for the caller until its socket is open, each time one is tried', async () => {
    const config = with_({ targets: [{ websocket: URL_1 }, { websocket: URL_2, priority: 2 }] });
    const on = stage({ config, agents: aGateway({ dead: [URL_1] }) });
    const invite = on.invite();
    await on.settled();
    expect(invite.told).toEqual(['180', '180', '200']);
    expect(on.types().filter((type) => type.startsWith('call.'))).toEqual([
      ...['call.received', 'call.routed', 'call.ringing', 'call.attempt-failed', 'call.ringing'],
      'call.answered',
    ]);
    expect(on.event('call.ringing')).toMatchObject({ target: 'voice-1', sipStatus: 180 });
  });

  test('hears the trace that the INVITE belongs to, or one of the call itself', async () => {
    const agents = aGateway();
    const on = stage({ config: socketed, agents });
    const traceparent = `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01`;
    on.invite(new FakeInvite({ headers: { traceparent } }));
    on.invite(new FakeInvite({ headers: { traceparent: 'x"; evil' } }));
    await on.settled();
    const [told, made] = agents.sessions.map(({ request }) => request.traceparent);
    expect(told).toBe(traceparent);
    expect(made).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });
});

describe('while the socket of an agent is broken', () => {
  test('nothing is played where it is open again within a second', async () => {
    const { on, happens, pass } = await aTalk();
    await happens(broken);
    await pass(900);
    await happens({ type: 'reconnected', attempt: 1 });
    await pass(5_000);
    expect(on.media.recordings).toEqual([]);
    expect(on.types()).not.toContain('media.prompted');
  });

  test('the caller hears the recording of the agent until it is open again', async () => {
    const { on, happens, pass } = await aTalk();
    await happens(broken);
    await pass(1_000);
    expect(on.media.recordings).toEqual(['/prompts/one-moment.wav to a 0×']);
    expect(on.event('media.prompted')).toMatchObject({ leg: 'a', cause: 'waiting', file: 'one-moment.wav' });
    await happens({ type: 'reconnected', attempt: 2 });
    expect(on.media.recordings.slice(1)).toEqual(['none to a']);
  });

  test.each([
    ['none is named', undefined],
    ['it cannot be found', 'one-moment.mp4'],
  ])('the caller hears a ringing tone where %s', async (_, waitAudio) => {
    const { on, happens, pass } = await aTalk(with_({ waitAudio }));
    await happens(broken);
    await pass(1_000);
    expect(on.media.recordings).toEqual(['ringing to a']);
    expect(on.event('media.prompted')).not.toHaveProperty('file');
  });

  test('a recording of a command is not cut off, and one that begins then is heard to its end', async () => {
    const { on, call, happens, pass } = await aTalk();
    const play = () =>
      call.command({
        ...{ version: 1, callId: call.id, type: 'call.play', id: on.clock.newId() },
        ...{ to: 'a', file: 'menu.wav', times: 1 },
      });
    await play();
    await happens(broken);
    await pass(1_500);
    expect(on.media.recordings).toEqual(['/prompts/menu.wav to a 1×']);
    await pass(2_000);
    await happens({ type: 'reconnected', attempt: 1 });
    await happens(broken);
    await pass(1_000);
    await play();
    await happens({ type: 'reconnected', attempt: 1 });
    expect(on.media.recordings.slice(2)).toEqual([
      ...['/prompts/one-moment.wav to a 0×', 'none to a', '/prompts/menu.wav to a 1×'],
    ]);
  });

  test('a call that ends leaves no timer, and nothing is asked of rtpengine', async () => {
    const { on, a, happens } = await aTalk();
    await happens(broken);
    a.hangsUp();
    await on.settled();
    expect([on.clock.pending(), on.media.recordings]).toEqual([0, []]);
  });
});

describe('when an agent is lost', () => {
  test('the caller hears that it waits until the next target has its place, and silence ends nothing', async () => {
    const { on, call, a, happens, pass } = await aTalk();
    on.media.silent.add('b');
    await happens(broken);
    await happens(lost);
    on.attempt(0).rings();
    await pass(25_000);
    expect(on.calls.size).toBe(1);
    expect(on.media.recordings).toEqual(['/prompts/one-moment.wav to a 0×']);
    on.attempt(0).answers();
    await on.settled();
    expect(on.media.recordings.slice(1)).toEqual(['none to a']);
    expect([call.b, a.reinvites]).toEqual([on.attempt(0).dialog, []]);
    const said = on.types().filter((type) => /agent|prompted|transfer/.test(type));
    expect(said).toEqual([
      ...['media.agent-disconnected', 'media.agent-lost', 'call.transferring', 'media.prompted'],
      'call.transferred',
    ]);
  });

  test('a transfer that it asked for goes on: the caller gets where it wanted to', async () => {
    const { on, call, happens, pass } = await aTalk();
    await happens({ type: 'transfer', to: 'desk' });
    expect(on.attempt(0).request.uri).toBe('sip:desk@198.51.100.5');
    await happens(lost);
    await pass(5_000);
    expect([on.calls.size, on.attempts.length]).toEqual([1, 1]);
    on.attempt(0).answers();
    await on.settled();
    expect([call.b, on.calls.size]).toEqual([on.attempt(0).dialog, 1]);
    expect(on.types()).not.toContain('call.ended');
    expect(on.media.recordings.at(-1)).toBe('none to a');
  });

  test('a transfer that fails leaves the targets behind it', async () => {
    const { on, call, happens } = await aTalk();
    await happens({ type: 'transfer', to: 'desk' });
    await happens(lost);
    on.attempt(0).fails(486);
    await on.settled();
    expect(on.attempt(1).request.uri).toBe('sip:backup@198.51.100.2');
    on.attempt(1).answers();
    await on.settled();
    expect(call.b).toBe(on.attempt(1).dialog);
  });

  test('who came by a transfer is replaced by what is behind it, and has its own last word', async () => {
    const { on, happens, pass, transfer } = await aTalk();
    await transfer({ agent: 'other' });
    await happens(lost, 1);
    expect(on.event('media.agent-lost')).toMatchObject({ target: 'other-1', left: 1 });
    expect(on.attempt(0).request.uri).toBe('sip:+4930123456@192.0.2.9:5060');
    on.attempt(0).fails(503);
    await on.settled();
    expect(on.media.recordings.at(-1)).toBe('/prompts/goodbye.wav to a 1×');
    await pass(3_000);
    expect(on.event('call.ended')).toMatchObject({ reason: 'target-unavailable', blame: 'upstream' });
  });
});

test('a number of an agent counts for the caps of its trunk, not the number that the caller has dialled', async () => {
  const limits = { perNumber: { calls: 1 } };
  const endpoints = [{ host: '192.0.2.9', port: 5060 }];
  const numbers = ['+4930123456', '+4930999999'];
  const on = stage({
    config: {
      ...with_({ targets: numbers.map((number, index) => ({ number, priority: index + 1 })) }),
      numbers: { '+15550100': { agent: 'voice' }, '+15550101': { agent: 'voice' } },
      trunks: { carrier: { sources: ['192.0.2.0/24'], endpoints, limits } },
    },
  });
  class Other extends FakeInvite {
    override readonly from = { uri: 'sip:+15550188@192.0.2.1', number: '+15550188' };
  }
  on.invite();
  on.invite(new Other({ to: '+15550101' }));
  await on.settled();
  expect(on.event('call.attempt-failed')).toMatchObject({
    ...{ target: 'voice-1-carrier-1', reason: 'trunk-limit' },
    detail: expect.stringContaining('to +4930123456'),
  });
});

describe('where no target answers', () => {
  const deadAll = { targets: [{ websocket: URL_1 }] };
  const aCall = async (config = with_(deadAll)) => {
    const on = stage({ config, agents: aGateway({ dead: [URL_1] }) });
    const invite = on.invite();
    await on.settled();
    return { on, invite };
  };

  test('the caller is answered, hears why, and the record blames who was not there', async () => {
    const { on, invite } = await aCall();
    expect(invite.told).toEqual(['180', '200']);
    expect(on.media.recordings).toEqual(['/prompts/sorry.wav to a 1×']);
    on.clock.pass(3_000);
    await on.settled();
    expect(on.types()).toEqual([
      ...[
        'call.received',
        'call.routed',
        'call.ringing',
        'call.attempt-failed',
        'media.prompted',
        'call.ended',
      ],
    ]);
    expect(on.event('media.prompted')).toMatchObject({ cause: 'unreachable', file: 'sorry.wav' });
    expect(on.event('call.ended')).toMatchObject({
      ...{ reason: 'target-unavailable', blame: 'upstream', talkMs: 3_000 },
      detail: 'no target answered: connect-timeout: the agent did not answer within 3000 ms',
    });
    expect([invite.dialog.byes.length, on.media.ended.length, on.clock.pending()]).toEqual([1, 1, 0]);
    expect(on.steps.filter(({ kind, direction }) => kind === 'final' && direction === 'in')).toMatchObject([
      { sipStatus: 200 },
    ]);
  });

  test('a caller that hangs up meanwhile gets no BYE, and the record says the same', async () => {
    const { on, invite } = await aCall();
    invite.dialog.hangsUp();
    await on.settled();
    expect(on.event('call.ended')).toMatchObject({ reason: 'target-unavailable', blame: 'upstream' });
    expect([invite.dialog.byes, on.clock.pending()]).toEqual([[], 0]);
  });

  test('and there is no recording, the caller hears the status', async () => {
    const { on, invite } = await aCall(with_({ ...deadAll, lostPrompt: undefined }));
    expect(invite.told).toEqual(['180', '504']);
    expect(on.event('call.ended')).toMatchObject({ reason: 'target-timeout' });
  });

  test('and rtpengine is away, the caller hears the status', async () => {
    const on = stage({ config: with_(deadAll), agents: aGateway({ dead: [URL_1] }) });
    on.media.failure = new Error('rtpengine is away');
    const invite = on.invite(new FakeInvite());
    await on.settled();
    expect(invite.told.at(-1)).toMatch(/^5/);
    expect(invite.told).not.toContain('200');
  });

  test('since one of them is busy, the caller hears that it is', async () => {
    const on = stage({ config: with_({ targets: [{ uri: 'sip:busy@198.51.100.2' }] }) });
    const invite = on.invite();
    await on.settled();
    on.attempt(0).fails(486);
    await on.settled();
    expect([invite.told, on.media.recordings]).toEqual([['486'], []]);
  });
});
