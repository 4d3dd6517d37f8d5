import { type SimulateCallOptions, simulateCall } from '@trunkline/sdk/testing';
import { expect, test } from 'vitest';
import { handler as choose } from './handlers/choose.ts';
import { handler as greet } from './handlers/greet.ts';
import { handler as part } from './handlers/part.ts';
import { menu } from './menu.ts';

const recordings = { [menu.welcome]: 4_000, [menu.goodbye]: 2_500 };

const aCall = (options: Partial<SimulateCallOptions> = {}) =>
  simulateCall({
    handlers: [
      { handler: greet, where: { target: [{ prefix: `${menu.agent}-` }] } },
      { handler: choose, where: { name: [menu.name] } },
      part,
    ],
    agent: menu.agent,
    recordings,
    ...options,
  });

test.each([
  ['1', 'sales'],
  ['2', 'support'],
])('key %s leads to %s', async (key, agent) => {
  const call = await aCall();
  await call.isAnswered();
  await call.passes(1_500);
  await call.presses(key);
  await call.settles();
  expect(call.events.map(({ type }) => type)).toContain('call.transferred');
  expect(call.commands.at(-1)).toMatchObject({ type: 'call.transfer', to: { agent } });
  expect(call.failures).toEqual([]);
});

test('a wrong key is forgiven once; after a second one the caller hears goodbye and is hung up', async () => {
  const call = await aCall();
  await call.isAnswered();
  await call.presses('99');
  await call.settles();
  expect(call.commands.map(({ type }) => type)).toEqual([
    'call.play',
    'call.collect',
    'call.play',
    'call.hangup',
  ]);
  expect(call.state?.ended).toMatchObject({ reason: 'hung-up-by-command', detail: 'nothing was chosen' });
});

test('who presses nothing is asked for twenty seconds', async () => {
  const call = await aCall();
  await call.isAnswered();
  await call.settles();
  const { time } = call.events.find(({ type }) => type === 'dtmf.collected') ?? { time: '' };
  const asked = call.events.find(({ type }) => type === 'command.applied')?.time ?? '';
  expect(Date.parse(time) - Date.parse(asked)).toBe(20_000);
  expect(call.state?.ended?.reason).toBe('hung-up-by-command');
});

test('an agent that is busy brings the caller to goodbye', async () => {
  const call = await aCall({ transferTo: () => 486 });
  await call.isAnswered();
  await call.presses('1');
  await call.settles();
  expect(call.state?.ended?.detail).toBe('nothing was chosen');
});

test.each(Array.from({ length: 50 }, (_, seed) => seed))(
  'whatever is late or comes twice, the caller is transferred once (seed %i)',
  async (seed) => {
    const call = await aCall({ delivery: { seed } });
    await call.isAnswered();
    await call.passes(6_000);
    await call.presses('1');
    await call.settles();
    expect(call.commands.filter(({ type }) => type === 'call.transfer')).toHaveLength(1);
    expect(call.failures).toEqual([]);
  },
);

test.each(Array.from({ length: 50 }, (_, seed) => seed))(
  'in whatever order events and commands come, who chooses nothing is hung up after goodbye (seed %i)',
  async (seed) => {
    const call = await aCall({ delivery: { seed } });
    await call.isAnswered();
    await call.passes(6_000);
    await call.presses('99');
    await call.settles();
    expect(call.state?.ended?.detail).toBe('nothing was chosen');
  },
);

test('a caller who hangs up before the menu is heard costs nothing more than commands that are refused', async () => {
  const call = await aCall({ delivery: { late: { 'call.answered': 5_000 } } });
  await call.isAnswered();
  await call.hangsUp();
  await call.settles();
  expect(call.state?.ended?.reason).toBe('caller-hangup');
  expect(call.events.filter(({ type }) => type === 'command.refused')).toHaveLength(2);
});
