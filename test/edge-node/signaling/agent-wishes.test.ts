import { describe, expect, test } from 'vitest';
import type { AgentHappening, AgentSessionEvent } from '../../../contracts/agent-media/session.ts';
import { Command } from '../../../contracts/commands.ts';
import { systemClock } from '../../../edge-node/clock.ts';
import { FakeInvite, type Stage, sdpOf, stage, twoTargets } from './stage.ts';

interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** Makes who is called by this attempt an agent over a WebSocket. */
function asAgent(on: Stage, attempt: number) {
  const { dialog } = on.attempt(attempt);
  const refusals: Refusal[] = [];
  let n = 0;
  let hear: (event: AgentSessionEvent) => void = () => {};
  let lose: (target: string, why: string) => void = () => {};
  Object.assign(dialog, {
    onAsk: (listener: typeof hear) => {
      hear = listener;
    },
    onLost: (listener: typeof lose) => {
      lose = listener;
    },
    refuse: (refusal: Refusal) => void refusals.push(refusal),
  });
  const says = async (happening: AgentHappening) => {
    n += 1;
    hear({ n, atMs: n, ...happening } as AgentSessionEvent);
    await on.settled();
  };
  return { dialog, refusals, says, isLost: (why: string) => lose('echo-1', why) };
}

/** A caller and an agent over a WebSocket talk. */
async function aCall() {
  const on = stage();
  const caller = on.invite(new FakeInvite()).dialog;
  await on.settled();
  const agent = asAgent(on, 0);
  on.attempt(0).answers();
  await on.settled();
  const [call] = on.calls.values();
  if (!call) throw new Error('there is no call');
  const presses = async (digit: string, durationMs = 160) => {
    call.digits.heard({ callId: call.id, leg: 'a', digit, durationMs });
    await on.settled();
  };
  const keys = () =>
    on.events.flatMap((event) => {
      if (event.type === 'dtmf.delivered') return [`delivered ${event.digit} ${event.leg}`];
      return event.type === 'dtmf.delivery-gap' ? [`${event.reason} ${event.digit} ${event.leg}`] : [];
    });
  return { on, call, caller, agent, presses, keys };
}

const taken = (digit: string) => ({ type: 'digit-delivered', digit }) as const;

describe('a key for an agent over a WebSocket', () => {
  test('is delivered when a socket has taken it, and not when rtpengine has passed it on', async () => {
    const { on, agent, presses, keys } = await aCall();
    await presses('5');
    expect([on.types().includes('dtmf.received'), keys()]).toEqual([true, []]);
    await agent.says(taken('5'));
    expect(keys()).toEqual(['delivered 5 b']);
  });

  test('is delivered where the word of the gateway comes first, as it does', async () => {
    const { on, agent, presses, keys } = await aCall();
    await agent.says(taken('5'));
    on.clock.pass(4_000);
    await presses('5', 4_000);
    expect(keys()).toEqual(['delivered 5 b']);
  });

  test('is not delivered by the word for a key of long ago', async () => {
    const { on, agent, presses, keys } = await aCall();
    await agent.says(taken('5'));
    on.clock.pass(10_000);
    await presses('5');
    expect(keys()).toEqual([]);
    await agent.says(taken('5'));
    expect(keys()).toEqual(['delivered 5 b']);
  });

  test('is told apart from the other keys that are on their way', async () => {
    const { agent, presses, keys } = await aCall();
    for (const key of '11#') await presses(key);
    await agent.says(taken('1'));
    await agent.says(taken('#'));
    expect(keys()).toEqual(['delivered 1 b', 'delivered # b']);
  });

  test('that the gateway could not keep is missed', async () => {
    const { agent, presses, keys } = await aCall();
    await presses('7');
    await agent.says({ type: 'digit-dropped', digit: '7' });
    expect(keys()).toEqual(['not-taken 7 b']);
  });

  test('is missed where the agent is lost before it took it, and counted so', async () => {
    const { on, agent, presses, keys } = await aCall();
    await presses('7');
    agent.isLost('disconnected: gone');
    expect(keys()).toEqual(['agent-gone 7 b']);
    await on.settled();
    on.attempt(1).fails(503);
    await on.settled();
    expect(on.event('call.ended').digits).toEqual({ received: 1, delivered: 0, gap: 1 });
  });

  test('that a command sends is delivered when a socket has taken it, too', async () => {
    const { on, call, agent, keys } = await aCall();
    const sent = {
      version: 1,
      id: systemClock.newId(),
      callId: call.id,
      type: 'call.send-dtmf',
      leg: 'b',
      digits: '9',
    };
    await call.command(Command.parse(sent));
    await on.settled();
    await agent.says(taken('9'));
    expect(keys()).toEqual(['delivered 9 b']);
    on.clock.pass(1_000);
    await on.settled();
    expect(keys()).toEqual(['delivered 9 b']);
  });

  test('of a secret is owed to nobody, and no word of it is on the bus', async () => {
    const { on, call, presses, keys } = await aCall();
    await call.digits.gate.close('a');
    await presses('4');
    expect(on.media.withheld).toEqual(['a']);
    expect([keys(), on.event('dtmf.received').digit]).toEqual([[], undefined]);
  });
});

describe('an agent asks', () => {
  test('to hold and to transfer the side that it talks to', async () => {
    const { on, caller, agent } = await aCall();
    await agent.says({ type: 'hold' });
    expect(on.event('call.held')).toMatchObject({ leg: 'a', by: 'command' });
    expect([caller.reinvites.length, agent.dialog.reinvites.length]).toEqual([1, 0]);
  });

  test('for the side that it talks to, where it is itself the one that was called first', async () => {
    const config = {
      ...twoTargets,
      trunks: { carrier: { endpoints: [{ host: '203.0.113.1' }] } },
      routes: { all: { prefix: '+', from: ['carrier'], trunks: [{ trunk: 'carrier' }] } },
    };
    const on = stage({ config });
    on.originate({
      ...{ version: 1, id: systemClock.newId(), type: 'call.originate', callId: systemClock.newId() },
      ...{ to: { agent: 'echo' }, connect: { number: '+15550177' }, from: '+15550100', ringSeconds: 20 },
    } as never);
    await on.settled();
    const agent = asAgent(on, 0);
    on.attempt(0).answers(sdpOf('0 101', 7_000));
    await on.settled();
    on.attempt(1).answers();
    await on.settled();
    await agent.says({ type: 'hold' });
    expect(on.event('call.held')).toMatchObject({ leg: 'b' });
    await agent.says({ type: 'resume' });
    await agent.says({ type: 'transfer', to: 'echo' });
    expect(on.event('call.transferring')).toMatchObject({ target: expect.stringContaining('echo') });
    expect(on.attempt(2).cancelled).toBe(false);
    on.attempt(2).answers();
    await on.settled();
    expect([agent.dialog.byes.length, on.attempt(1).dialog.byes.length]).toEqual([1, 0]);
  });

  test('for what cannot be, and hears why', async () => {
    const { on, agent } = await aCall();
    await agent.says({ type: 'resume' });
    expect(agent.refusals).toEqual([
      { code: 'wrong-state', message: expect.stringContaining('call.resume: leg a is not on hold') },
    ]);
    await agent.says({ type: 'transfer', to: 'nobody at all' });
    expect(agent.refusals[1]).toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('to.number'),
    });
    expect(JSON.stringify(on.logged('was refused'))).not.toContain('nobody at all');
    expect(on.logged('was refused')).toHaveLength(2);
  });
});

describe('what happens at an agent is on the bus:', () => {
  test('what it said that was refused, which is in the log, too', async () => {
    const { on, agent } = await aCall();
    const about = { code: 'odd-length', message: '321 bytes are no whole number of 16-bit samples' };
    await agent.says({ type: 'message-refused', ...about });
    expect(on.event('media.agent-message-refused')).toMatchObject({ leg: 'b', ...about });
    expect(on.logged('a message of an agent was refused')).toMatchObject([
      { level: 40, leg: 'b', code: about.code, why: about.message },
    ]);
  });

  test('each step of a socket that breaks', async () => {
    const { on, agent } = await aCall();
    await agent.says({ type: 'disconnected', code: 1_006, reason: '' });
    await agent.says({ type: 'attempt-failed', attempt: 1, fault: 'refused', detail: '503' });
    await agent.says({ type: 'reconnected', attempt: 2 });
    expect(on.types().filter((type) => type.startsWith('media.agent'))).toEqual([
      ...['media.agent-disconnected', 'media.agent-attempt-failed', 'media.agent-reconnected'],
    ]);
    expect(on.event('media.agent-attempt-failed')).toMatchObject({ leg: 'b', attempt: 1, fault: 'refused' });
  });

  test('that the caller interrupted it, and how much of it nobody will hear', async () => {
    const { on, agent } = await aCall();
    await agent.says({ type: 'speech-started', droppedMs: 1_240 });
    expect(on.event('media.speech')).toMatchObject({ leg: 'a', state: 'started', droppedMs: 1_240 });
  });
});
