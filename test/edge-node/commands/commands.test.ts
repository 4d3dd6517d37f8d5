import pDefer from 'p-defer';
import { describe, expect, test } from 'vitest';
import type { Command } from '../../../contracts/commands.ts';
import type { DeliveredCommand } from '../../../contracts/edge-message.ts';
import { events } from '../../../contracts/events.ts';
import { systemClock } from '../../../edge-node/clock.ts';
import { GAP_MS } from '../../../edge-node/commands/command-line.ts';
import { APPLIED_WITHIN_MS, createCommandDesk } from '../../../edge-node/commands/commands.ts';
import type { CommandOutcome, LiveCall } from '../../../edge-node/ports.ts';
import { heldClock } from '../held-clock.ts';

const hangup = (callId: string, but: Partial<Command> = {}, sequence = 1): DeliveredCommand => ({
  kind: 'command',
  version: 1,
  sequence,
  command: { version: 1, id: systemClock.newId(), type: 'call.hangup', callId, ...but } as Command,
});

/** A command that leaves the call up. */
const hold = (callId: string, sequence: number) => hangup(callId, { type: 'call.hold' }, sequence);

/** A desk with one call, which answers every command with `answer`. */
function aDesk(answer: () => Promise<CommandOutcome> = async () => ({ applied: true })) {
  const clock = heldClock();
  const applied: Command[] = [];
  const said: unknown[] = [];
  const saidElsewhere: unknown[] = [];
  const counted: string[] = [];
  const ending = new AbortController();
  const call: LiveCall = {
    id: systemClock.newId(),
    over: ending.signal,
    command(command) {
      applied.push(command);
      return answer();
    },
    say(type, payload) {
      said.push([type, payload]);
      return undefined as never;
    },
  };
  const desk = createCommandDesk({
    calls: { find: (callId) => (callId === call.id ? call : undefined) },
    originate: () => ({ applied: false, reason: 'not-supported', message: 'no calls are made here' }),
    clock,
    metrics: { message: (kind, outcome) => counted.push(`${kind} ${outcome}`) },
    refuse: (callId, refusal) => saidElsewhere.push([callId, refusal]),
  });
  const end = () => ending.abort();
  return { desk, call, end, clock, applied, said, saidElsewhere, counted };
}

describe('a command', () => {
  test('reaches its call, and the call says that it was applied', async () => {
    const { desk, call, applied, said, counted } = aDesk();
    const delivered = hangup(call.id);
    await desk.handle(delivered);
    expect(applied).toEqual([delivered.command]);
    expect(said).toEqual([['command.applied', { commandId: delivered.command.id, command: 'call.hangup' }]]);
    expect(counted).toEqual(['command applied']);
  });

  test('delivered again changes nothing, even while the first is still at work', async () => {
    const work = pDefer<CommandOutcome>();
    const { desk, call, applied, said, counted } = aDesk(() => work.promise);
    const delivered = hangup(call.id);
    const first = desk.handle(delivered);
    await desk.handle(delivered);
    work.resolve({ applied: true });
    await first;
    await desk.handle(delivered);
    expect([applied.length, said.length]).toEqual([1, 1]);
    expect(counted).toEqual(['command duplicate', 'command applied', 'command duplicate']);
  });

  test('that the call cannot follow is refused with its reason', async () => {
    const { desk, call, said } = aDesk(async () => ({
      applied: false,
      reason: 'wrong-state',
      message: 'the call is answered',
    }));
    await desk.handle(hangup(call.id));
    expect(said).toMatchObject([
      ['command.refused', { reason: 'wrong-state', message: 'the call is answered' }],
    ]);
  });

  test('that expired on its way is refused and not applied', async () => {
    const { desk, call, clock, applied, said } = aDesk();
    const expiresAt = new Date(clock.now()).toISOString();
    await desk.handle(hangup(call.id, { expiresAt }));
    expect(applied).toEqual([]);
    expect(said).toMatchObject([['command.refused', { reason: 'expired' }]]);
  });

  test('for a call that is not here is refused without a seq', async () => {
    const { desk, saidElsewhere } = aDesk();
    const delivered = hangup(systemClock.newId());
    await desk.handle(delivered);
    expect(saidElsewhere).toMatchObject([
      [delivered.command.callId, { reason: 'unknown-call', commandId: delivered.command.id }],
    ]);
  });

  test('for a call that has just ended is refused without a seq: its numbers are closed', async () => {
    const { desk, call, end, applied, said, saidElsewhere } = aDesk();
    end();
    await desk.handle(hangup(call.id));
    expect([applied, said]).toEqual([[], []]);
    expect(saidElsewhere).toMatchObject([[call.id, { reason: 'call-ended' }]]);
  });

  test('that fails in the call is refused in words the contract allows', async () => {
    const { desk, call, said } = aDesk(async () => {
      throw new Error('x'.repeat(5_000));
    });
    await desk.handle(hangup(call.id));
    expect(said).toMatchObject([['command.refused', { reason: 'failed' }]]);
    const [, payload] = said[0] as [string, { message: string }];
    const message = events['command.refused'].shape.message;
    expect(message.safeParse(payload.message).success).toBe(true);
  });

  test('that the call never finishes is refused after 15 s, and the next one has its turn', async () => {
    const answers = [
      new Promise<CommandOutcome>(() => {}),
      Promise.resolve<CommandOutcome>({ applied: true }),
    ];
    const { desk, call, clock, said } = aDesk(() => answers.shift() ?? Promise.reject(new Error('a third')));
    const [never, next] = [hold(call.id, 1), hold(call.id, 2)].map((each) => desk.handle(each));
    await Promise.resolve();
    clock.pass(APPLIED_WITHIN_MS);
    await Promise.all([never, next]);
    expect(said).toMatchObject([
      ['command.refused', { reason: 'failed', message: expect.stringContaining('15 s') }],
      ['command.applied', {}],
    ]);
    expect(clock.pending()).toBe(0);
  });

  test('that comes after a later one was applied is refused: what it wanted may be undone', async () => {
    const { desk, call, clock, applied, said } = aDesk();
    const later = desk.handle(hold(call.id, 2));
    clock.pass(GAP_MS);
    await later;
    await desk.handle(hold(call.id, 1));
    expect(applied).toHaveLength(1);
    expect(said).toMatchObject([
      ['command.applied', {}],
      ['command.refused', { reason: 'overtaken' }],
    ]);
  });

  test('that is at work, waits for its turn or for a missing one is refused at once when the call ends', async () => {
    const { desk, call, end, clock, applied, saidElsewhere } = aDesk(() => new Promise(() => {}));
    const all = [1, 2, 4, 5].map((sequence) =>
      desk.handle(hangup(call.id, { type: 'call.hangup' }, sequence)),
    );
    end();
    await Promise.all(all);
    expect(saidElsewhere).toMatchObject(Array(4).fill([call.id, { reason: 'call-ended' }]));
    expect(applied.length).toBeLessThan(4);
    expect(clock.pending()).toBe(0);
  });
});
