import { describe, expect, test } from 'vitest';
import type { CallScopedEvent } from '../../contracts/events.ts';
import { onCallEvent } from '../../sdk/index.ts';
import { busEventOf, simulateCall } from '../../sdk/testing.ts';
import { cases } from './command-rules.ts';

/** Types of what was heard, in the order in which it came. */
const listening = () => {
  const heard: string[] = [];
  const handler = onCallEvent(['call.received', 'call.answered', 'dtmf.received', 'call.ended'], (event) => {
    heard.push(event.type === 'dtmf.received' ? `key ${event.digit}` : event.type);
  });
  return { heard, handler };
};

const types = (messages: readonly { readonly type: string }[]) => messages.map(({ type }) => type);

test('a call rings, is answered, talks and ends, and its record is complete', async () => {
  const { heard, handler } = listening();
  const call = await simulateCall({ handlers: [handler], from: '+15550177', to: '+15550111' });
  await call.isAnswered();
  await call.presses('12#');
  await call.hangsUp();
  expect(heard).toEqual(['call.received', 'call.answered', 'key 1', 'key 2', 'key #', 'call.ended']);
  expect(call.state).toMatchObject({
    complete: true,
    received: { from: { number: '+15550177' }, to: { number: '+15550111' } },
    ended: { reason: 'caller-hangup', talkMs: 1_000, digits: { received: 3, delivered: 3, gap: 0 } },
  });
});

test('time passes only where a step lets it pass', async () => {
  const { heard, handler } = listening();
  const call = await simulateCall({
    handlers: [{ handler, maxEventAgeMs: 120_000 }],
    delivery: { late: { 'call.answered': 60_000 } },
    startsAt: new Date('2026-03-01T00:00:00Z'),
  });
  await call.isAnswered(5_000);
  await call.passes(59_000);
  expect(heard).toEqual(['call.received']);
  await call.passes(1_000);
  expect(heard).toEqual(['call.received', 'call.answered']);
  expect(call.events.find(({ type }) => type === 'call.answered')?.time).toBe('2026-03-01T00:00:05.100Z');
});

test('what is lost is never heard, and what is doubled twice', async () => {
  const { heard, handler } = listening();
  const call = await simulateCall({
    handlers: [handler],
    delivery: { lost: ['call.answered'], doubled: ['call.received'] },
  });
  await call.isAnswered();
  await call.hangsUp('callee');
  expect(heard).toEqual(['call.received', 'call.received', 'call.ended']);
});

test('an event that comes twice asks once, and the second command is told apart from the first', async () => {
  const handler = onCallEvent('call.answered', (event, calls) => calls.play(event.callId, { file: 'a.wav' }));
  const call = await simulateCall({ handlers: [handler], delivery: { doubled: true } });
  await call.isAnswered();
  await call.settles();
  expect([types(call.commands), types(call.repeated)]).toEqual([['call.play'], ['call.play']]);
  expect(types(call.events).filter((type) => type === 'media.played')).toHaveLength(1);
});

test('a handler that throws is told with its event, and the others go on', async () => {
  const { heard, handler } = listening();
  const failing = onCallEvent('call.answered', () => {
    throw new Error('no such customer');
  });
  const call = await simulateCall({ handlers: [failing, handler] });
  await call.isAnswered();
  expect(call.failures).toMatchObject([
    { event: { type: 'call.answered' }, error: { message: 'no such customer' } },
  ]);
  expect(heard).toContain('call.answered');
});

test('recordings end, are stopped and are replaced as on an edge', async () => {
  const call = await simulateCall({
    handlers: [
      onCallEvent('call.answered', async ({ callId }, calls) => {
        await calls.play(callId, { file: 'first.wav', times: 0 });
        await calls.play(callId, { file: 'second.wav', times: 2 });
      }),
    ],
    recordings: { 'second.wav': 1_000 },
  });
  await call.isAnswered();
  await call.settles();
  expect(call.events.filter(({ type }) => type === 'media.played')).toMatchObject([
    { file: 'first.wav', ended: 'replaced', playedMs: 0 },
    { file: 'second.wav', ended: 'finished', playedMs: 2_000 },
  ]);
});

test('a secret collection keeps its digits from the bus', async () => {
  const call = await simulateCall({
    handlers: [
      onCallEvent('call.answered', ({ callId }, calls) =>
        calls.collect(callId, { maxLength: 4, secret: true, key: 'vault' }),
      ),
    ],
  });
  await call.isAnswered();
  await call.presses('4321');
  expect(JSON.stringify(call.events)).not.toMatch(/"digits?":"/);
  expect(call.events.at(-1)).toMatchObject({ type: 'dtmf.collected', outcome: 'complete' });
});

test('a step that cannot be is an error of the test', async () => {
  const call = await simulateCall({ handlers: [] });
  await expect(call.presses('1')).rejects.toThrow('presses: the call is not up');
  await call.hangsUp();
  await expect(call.isAnswered()).rejects.toThrow('isAnswered: the call is answered or over already');
  expect(call.state?.ended?.reason).toBe('caller-cancelled');
});

test('a filter that EventBridge would refuse is refused with its place', async () => {
  const handler = onCallEvent('call.answered', () => undefined);
  await expect(simulateCall({ handlers: [{ handler, where: {} }] })).rejects.toThrow(
    'handlers.0.where: must not be empty',
  );
});

test('an event stands on the bus as EventBridge would hand it over', async () => {
  const call = await simulateCall({ handlers: [] });
  const [first] = call.events;
  if (!first) throw new Error('nothing was said');
  expect(busEventOf(first)).toMatchObject({
    source: 'trunkline.edge',
    'detail-type': 'call.received',
    detail: { seq: 0, callId: call.callId },
  });
});

/** A handler that sends one command after the other, each once what was sent before is over and done with. */
const asking = (commands: readonly object[]) =>
  onCallEvent('call.answered', async ({ callId, id }, calls) => {
    const client = calls as unknown as Record<string, (callId: string, fields: object) => Promise<unknown>>;
    for (const { type, ...fields } of commands as { type: string }[]) {
      const method = type.replace('call.', '').replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
      await client[method]?.(callId, fields);
    }
    return id;
  });

/** What was said of the last command that was sent. */
const answerIn = (events: readonly CallScopedEvent[]) => {
  const answers = events.filter(({ type }) => type === 'command.applied' || type === 'command.refused');
  const last = answers.at(-1);
  return last?.type === 'command.refused' ? last.reason : 'applied';
};

describe('a command is taken or refused as on an edge', () => {
  test.each(cases)('$name: $outcome', async ({ before, asked, outcome }) => {
    const call = await simulateCall({ handlers: [asking([...before, asked])], ringMs: 60_000 });
    await call.isAnswered();
    expect(call.failures).toEqual([]);
    expect(call.commands).toHaveLength(before.length + 1);
    expect(answerIn(call.events)).toBe(outcome);
  });

  test('one that is over is refused, and expiresAt is reckoned in virtual time', async () => {
    const handler = onCallEvent('call.answered', async ({ callId }, calls, { now }) => {
      await calls.hold(callId, { expiresAt: new Date(now() + 1_000).toISOString() });
    });
    const startsAt = new Date('2031-05-05T00:00:00Z');
    const inTime = await simulateCall({ handlers: [handler], startsAt });
    await inTime.isAnswered();
    expect(answerIn(inTime.events)).toBe('applied');
    const late = await simulateCall({ handlers: [handler], startsAt, delivery: { latencyMs: 1_200 } });
    await late.isAnswered();
    await late.settles();
    expect(answerIn(late.events)).toBe('expired');
  });
});

test('a collection from the agent does not hear what the caller presses', async () => {
  const call = await simulateCall({
    handlers: [asking([{ type: 'call.collect', leg: 'b', maxLength: 2 }])],
  });
  await call.isAnswered();
  await call.presses('99');
  await call.presses('12', 300, 'b');
  expect(call.events.at(-1)).toMatchObject({ type: 'dtmf.collected', leg: 'b', digits: '12' });
  expect(call.events.findLast(({ type }) => type === 'dtmf.delivered')).toMatchObject({ leg: 'a' });
});

test('other codecs are said to be used, and a call that is begun is said to be', async () => {
  const call = await simulateCall({
    handlers: [
      onCallEvent('call.answered', async ({ callId }, calls) => {
        await calls.updateMedia(callId, { leg: 'b', codecs: ['opus', 'PCMA'] });
        await calls.originate({ to: { number: '+15550111' }, connect: { agent: 'sales' } });
      }),
    ],
  });
  await call.isAnswered();
  expect(call.events.find(({ type }) => type === 'call.media-changed')).toMatchObject({
    ...{ leg: 'b', cause: 'command', transcoded: true, codecs: { a: 'PCMU', b: 'opus' } },
  });
  const begun = call.commands.at(-1)?.callId;
  expect(begun).not.toBe(call.callId);
  expect(call.events.filter(({ callId }) => callId === begun)).toMatchObject([
    { type: 'call.originated', seq: 0, to: { number: '+15550111' }, connect: 'sales' },
    { type: 'command.applied', seq: 1 },
  ]);
});

describe('handlers run as Lambda runs them', () => {
  test('one that hangs ends when its time is over, and holds up neither time nor the others', async () => {
    const { heard, handler } = listening();
    const hanging = onCallEvent('call.answered', () => new Promise(() => undefined));
    const call = await simulateCall({ handlers: [{ handler: hanging, timeoutMs: 3_000 }, handler] });
    await call.isAnswered();
    expect(heard).toContain('call.answered');
    expect(call.failures).toEqual([]);
    await call.passes(3_000);
    expect(call.failures).toMatchObject([
      {
        error: { name: 'RanOutOfTime', message: expect.stringContaining('within 2500 ms: raise `timeout`') },
      },
    ]);
    expect(call.deadLetters).toEqual(call.failures);
  });

  /** Two runs of one event overlap: `calls` takes a second, and the event comes again after half of one. */
  const overlapping = { callsMs: 1_000, doubled: { afterMs: 500, types: ['call.answered'] } } as const;
  const counting = () => {
    const runs = { begun: 0, ended: 0, most: 0 };
    const handler = onCallEvent('call.answered', async ({ callId }, calls) => {
      runs.begun += 1;
      runs.most = Math.max(runs.most, runs.begun - runs.ended);
      await calls.hold(callId);
      runs.ended += 1;
    });
    return { runs, handler };
  };

  test('an event that comes again while it is handled is handled twice at a time', async () => {
    const { runs, handler } = counting();
    const call = await simulateCall({ handlers: [handler], delivery: overlapping });
    await call.isAnswered();
    await call.settles();
    expect(runs).toEqual({ begun: 2, ended: 2, most: 2 });
  });

  test('once: neither at that time nor later', async () => {
    const { runs, handler } = counting();
    const call = await simulateCall({ handlers: [{ handler, once: true }], delivery: overlapping });
    await call.isAnswered();
    await call.settles();
    expect(runs).toEqual({ begun: 1, ended: 1, most: 1 });
    expect(call.failures).toEqual([]);
  });

  test.each([
    ['not run again by default', {}, 1, 1],
    ['run again after a minute where that is asked for', { reruns: 2, maxEventAgeMs: 300_000 }, 3, 1],
    ['not run again once the event is too old', { reruns: 2, maxEventAgeMs: 70_000 }, 2, 1],
  ])('a handler that fails is %s', async (_, rules, runs, letters) => {
    const handler = onCallEvent('call.answered', () => {
      throw new Error('the database is away');
    });
    const call = await simulateCall({ handlers: [{ handler, ...rules }] });
    await call.isAnswered();
    await call.settles();
    expect([call.failures.length, call.deadLetters.length]).toEqual([runs, letters]);
  });

  test('an event that is older than a minute is a dead letter, and not handled', async () => {
    const { heard, handler } = listening();
    const delivery = { late: { 'call.answered': 61_000 } };
    const call = await simulateCall({ handlers: [handler], delivery });
    await call.isAnswered();
    await call.settles();
    expect(heard).not.toContain('call.answered');
    expect(call.deadLetters).toMatchObject([{ event: { type: 'call.answered' } }]);
  });

  test('the record that is read lies behind what was said', async () => {
    const read: unknown[] = [];
    const handler = onCallEvent('call.answered', async ({ callId }, calls) => {
      const call = await calls.get(callId);
      read.push([call !== undefined, call?.answered !== undefined]);
    });
    const once = async (recordLagMs: number) => {
      const call = await simulateCall({ handlers: [handler], delivery: { recordLagMs } });
      await call.isAnswered();
    };
    await once(0);
    await once(500);
    expect(read).toEqual([
      [true, true],
      [true, false],
    ]);
  });
});
