import { expect, test } from 'vitest';
import { onCallEvent } from '../../sdk/index.ts';
import { busEventOf, simulateCall } from '../../sdk/testing.ts';

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
    handlers: [handler],
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
