import { describe, expect, test } from 'vitest';
import type { CommandOf } from '../../../contracts/commands.ts';
import type { RoutingConfigInput } from '../../../contracts/config.ts';
import { systemClock } from '../../../edge-node/clock.ts';
import { MediaError } from '../../../edge-node/ports.ts';
import { sdpOf, stage, twoTargets } from './stage.ts';

const config: RoutingConfigInput = {
  ...twoTargets,
  trunks: {
    carrier: { endpoints: [{ host: '203.0.113.1' }, { host: '203.0.113.2', priority: 2 }] },
  },
  routes: { all: { prefix: '+', from: ['carrier'], trunks: [{ trunk: 'carrier' }], policy: 'short' } },
  policies: { short: { maxDurationSeconds: 600 } },
};

const command = (but: Partial<CommandOf<'call.originate'>> = {}): CommandOf<'call.originate'> => ({
  ...{ version: 1, id: systemClock.newId(), type: 'call.originate', callId: systemClock.newId() },
  ...{ to: { number: '+15550177' }, connect: { agent: 'echo' }, from: '+15550100', ringSeconds: 20 },
  ...but,
});

/** A call to a number that has answered, and whose agent is being called. */
async function halfACall(on = stage({ config })) {
  const asked = command();
  on.originate(asked);
  await on.settled();
  on.attempt(0).answers(sdpOf('0 101', 7_000));
  await on.settled();
  return { on, asked, number: on.attempt(0), agent: on.attempt(1) };
}

async function aCall() {
  const half = await halfACall();
  half.agent.answers();
  await half.on.settled();
  return half;
}

describe('call.originate', () => {
  test('calls the number as the caller it names, then the agent, and connects them', async () => {
    const { on, asked, number, agent } = await aCall();
    expect([number.request.uri, number.request.from.number]).toEqual([
      'sip:+15550177@203.0.113.1',
      '+15550100',
    ]);
    expect([agent.request.uri, agent.request.from.number]).toEqual(['sip:first@198.51.100.1', '+15550177']);
    expect(on.types()).toEqual(['call.originated', 'call.routed', 'call.leg-answered', 'call.answered']);
    expect(on.events.map((event) => ('seq' in event ? event.seq : -1))).toEqual([0, 1, 2, 3]);
    expect(on.event('call.originated')).toMatchObject({
      callId: asked.callId,
      commandId: asked.id,
      from: { number: '+15550100' },
      to: { number: '+15550177' },
      connect: 'agent echo',
      replyTo: 'http://127.0.0.1/queue',
    });
    expect(on.event('call.leg-answered')).toMatchObject({ leg: 'a', target: 'carrier-1', agent: 'echo' });
    expect(on.event('call.answered')).toMatchObject({ target: 'echo-1', codecs: { a: 'PCMU', b: 'PCMU' } });
    // The offer to the number was ours; the agent was offered what the number answered.
    expect(on.media.offers.map(({ from, sdp }) => [from, /m=audio (\d+)/.exec(sdp)?.[1]])).toEqual([
      ['b', '9'],
      ['a', '7000'],
    ]);
  });

  test('to an agent of which nobody is there tells the number so, where the agent has a recording for that', async () => {
    const echo = { ...twoTargets.agents['echo'], lostPrompt: 'sorry.wav' };
    const { on, number, agent } = await halfACall(
      stage({ config: { ...config, agents: { echo } as never } }),
    );
    agent.fails(503);
    await on.settled();
    on.attempt(2).fails(503);
    await on.settled();
    expect(on.media.recordings).toEqual(['/prompts/sorry.wav to a 1×']);
    on.clock.pass(3_000);
    await on.settled();
    expect(on.types()).toEqual([
      ...[
        'call.originated',
        'call.routed',
        'call.leg-answered',
        'call.attempt-failed',
        'call.attempt-failed',
      ],
      ...['media.prompted', 'call.ended'],
    ]);
    expect(on.event('call.ended')).toMatchObject({ reason: 'target-unavailable', talkMs: 3_000 });
    expect([number.dialog.byes.length, number.dialog.reinvites, on.clock.pending()]).toEqual([1, [], 0]);
    expect(on.steps.filter(({ direction }) => direction === 'in')).toEqual([]);
  });

  test('tells the number where its media has moved while the agent was called', async () => {
    const { on, number, agent } = await halfACall();
    on.media.moved = true;
    agent.answers();
    await on.settled();
    expect(number.dialog.reinvites).toHaveLength(1);
    expect(on.types().at(-1)).toBe('call.answered');
  });

  test.each([
    ['the number', 'caller-hangup'],
    ['the agent', 'callee-hangup'],
  ] as const)('%s hangs up: the other one gets a BYE and everything is freed', async (who, reason) => {
    const { on, number, agent } = await aCall();
    const [leaves, stays] = who === 'the number' ? [number, agent] : [agent, number];
    leaves.dialog.hangsUp();
    await on.settled();
    expect([leaves.dialog.byes.length, stays.dialog.byes.length]).toEqual([0, 1]);
    expect(on.event('call.ended')).toMatchObject({ reason });
    expect([on.media.ended.length, on.calls.size, on.clock.pending()]).toEqual([1, 0, 0]);
  });

  test('goes on to the next endpoint of the trunk where one fails', async () => {
    const on = stage({ config });
    on.originate(command());
    await on.settled();
    on.attempt(0).fails(503);
    await on.settled();
    expect(on.attempt(1).request.uri).toBe('sip:+15550177@203.0.113.2');
    on.attempt(1).answers(sdpOf('0 101', 7_000));
    await on.settled();
    on.attempt(2).answers();
    await on.settled();
    expect(on.types()).toEqual([
      'call.originated',
      'call.routed',
      'call.attempt-failed',
      'call.leg-answered',
      'call.answered',
    ]);
  });

  test('ends where nobody answers within its ring time, and no agent is called', async () => {
    const on = stage({ config });
    on.originate(command({ ringSeconds: 5 }));
    await on.settled();
    for (const endpoint of [0, 1]) {
      on.attempt(endpoint).rings();
      on.clock.pass(5_000);
      await on.settled();
    }
    expect(on.attempts.map(({ cancelled }) => cancelled)).toEqual([true, true]);
    expect(on.event('call.ended')).toMatchObject({ reason: 'no-answer', blame: 'callee', talkMs: 0 });
    expect([on.calls.size, on.clock.pending()]).toEqual([0, 0]);
  });

  test('hangs up on the number where no agent takes the call', async () => {
    const { on, number } = await halfACall();
    on.attempt(1).fails(486);
    await on.settled();
    expect(number.dialog.byes).toHaveLength(1);
    expect(on.event('call.ended')).toMatchObject({ reason: 'callee-busy', sipStatus: 486 });
    expect([on.calls.size, on.clock.pending()]).toEqual([0, 0]);
  });

  test('gives the agent up where the number hangs up meanwhile', async () => {
    const { on, number, agent } = await halfACall();
    number.dialog.hangsUp();
    await on.settled();
    expect(agent.cancelled).toBe(true);
    expect(number.dialog.byes).toEqual([]);
    expect(on.event('call.ended')).toMatchObject({ reason: 'caller-hangup', talkMs: 0 });
  });

  test.each(['while the number rings', 'while the agent rings'])(
    'is ended by call.hangup %s',
    async (when) => {
      const on = stage({ config });
      const asked = command();
      on.originate(asked);
      await on.settled();
      if (when === 'while the agent rings') {
        on.attempt(0).answers(sdpOf('0 101', 7_000));
        await on.settled();
      }
      const { callId } = asked;
      await on.calls
        .get(callId)
        ?.command({ version: 1, id: systemClock.newId(), type: 'call.hangup', callId });
      await on.settled();
      expect(on.attempts.at(-1)?.cancelled).toBe(true);
      expect(on.attempt(0).dialog.byes).toHaveLength(when === 'while the agent rings' ? 1 : 0);
      expect(on.event('call.ended')).toMatchObject({ reason: 'hung-up-by-command' });
      expect([on.calls.size, on.clock.pending()]).toEqual([0, 0]);
    },
  );

  test('lasts no longer than the policy of the route to the number allows', async () => {
    const { on, agent } = await aCall();
    on.clock.pass(600_000);
    await on.settled();
    expect(agent.dialog.byes).toHaveLength(1);
    expect(on.event('call.ended')).toMatchObject({ reason: 'max-duration' });
  });

  test('connects two numbers: both see who the command says is calling', async () => {
    const on = stage({ config });
    on.originate(command({ connect: { number: '+15550188' } }));
    await on.settled();
    on.attempt(0).answers(sdpOf('0 101', 7_000));
    await on.settled();
    expect(on.attempt(1).request.uri).toBe('sip:+15550188@203.0.113.1');
    expect(on.attempt(1).request.from.number).toBe('+15550100');
  });

  test('hides who calls where the command does not say', async () => {
    const on = stage({ config });
    const { from: _, ...asked } = command();
    on.originate(asked);
    await on.settled();
    expect(on.attempt(0).request.from.number).toBe('anonymous');
  });

  test.each([
    ['a number of no route', { to: { number: '112' } }, /^to: unknown-number: /],
    ['an agent that is not there', { connect: { agent: 'nobody' } }, /^connect: unknown-number: /],
  ] as const)('to %s is refused, and no call begins', async (_what, but, message) => {
    const on = stage({ config });
    expect(on.originate(command(but))).toMatchObject({
      applied: false,
      reason: 'failed',
      message: expect.stringMatching(message),
    });
    await on.settled();
    expect([on.events.length, on.attempts.length, on.calls.size]).toEqual([0, 0, 0]);
  });

  test('for a call that is there already is refused', async () => {
    const { on, asked } = await aCall();
    expect(on.originate({ ...asked, id: systemClock.newId() })).toMatchObject({ reason: 'wrong-state' });
    expect(on.calls.size).toBe(1);
  });

  test('at an edge that takes no calls is refused', async () => {
    const on = stage({ config, ready: () => false });
    expect(on.originate(command())).toMatchObject({ reason: 'failed', message: /edge-not-ready/ });
  });

  test('ends with its reason where no rtpengine takes the call', async () => {
    const on = stage({ config });
    on.media.failure = new MediaError('refused', 'no rtpengine takes a call');
    on.originate(command());
    await on.settled();
    expect(on.event('call.ended')).toMatchObject({ reason: 'media-unavailable' });
    expect([on.calls.size, on.clock.pending()]).toEqual([0, 0]);
  });
});
