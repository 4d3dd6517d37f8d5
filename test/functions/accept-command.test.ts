import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import { CommandRefused } from '../../contracts/events/command.ts';
import { accept } from '../../functions/accept-command.ts';
import type { BusEvent } from '../../functions/bus-handler.ts';
import { project } from '../../functions/project-call.ts';
import { aCall, aHangup, anEvent, at, onTheBus, queueUrl } from './an-event.ts';
import { aClock, memoryBus, memoryCalls, memoryEdges, memoryFleet } from './in-memory.ts';

const patience = { retries: 2, minTimeout: 0 };

function aPlatform() {
  const { calls, commands } = memoryCalls();
  const [edges, bus, clock] = [memoryEdges(), memoryBus(), aClock()];
  const { originations, fleet, known } = memoryFleet({
    ...{ edgeId: 'edge-1', queueUrl, calls: 3, draining: false, heartbeatAt: clock.now() },
  });
  const handle = accept({ calls, commands, originations, fleet, edges, announce: bus, clock, patience });
  const send = (detail: unknown, detailType = 'call.hangup') => {
    const event: BusEvent = onTheBus('trunkline.client', detailType, detail);
    return handle(detail, event);
  };
  const happen = async (...events: Parameters<ReturnType<typeof project>>[0][]) => {
    for (const event of events) await project({ calls, patience })(event);
  };
  return { calls, edges, bus, clock, send, happen, known };
}

const only = <T>(list: readonly T[]): T => {
  expect(list).toHaveLength(1);
  return list[0] as T;
};

describe('accept-command', () => {
  test('a command for a call that is up goes to the queue of its edge, with its number', async () => {
    const { send, happen, edges, bus } = aPlatform();
    const { callId } = anEvent('call.received');
    await happen(anEvent('call.received', { callId }));
    const command = aHangup({ callId });
    expect(await send(command)).toMatchObject({ outcome: 'sent', facts: { sequence: 1 } });
    expect(only(edges.sent)).toEqual({
      to: queueUrl,
      message: { kind: 'command', version: 1, sequence: 1, command },
    });
    expect(bus.said).toEqual([]);
  });

  test('the same command again is the same message again', async () => {
    const { send, happen, edges } = aPlatform();
    const { callId } = anEvent('call.received');
    await happen(anEvent('call.received', { callId }));
    const command = aHangup({ callId });
    await send(command);
    await send(command);
    expect(edges.sent[1]).toEqual(edges.sent[0]);
  });

  test('a command with a wrong field is refused with the field, the value and the remedy', async () => {
    const { send, bus, edges } = aPlatform();
    const [id, callId] = [ulid(), ulid()];
    await send({ version: 1, id, type: 'call.reject', callId, sipStatus: 200, why: 'no' }, 'call.reject');
    const refused = CommandRefused.parse(only(bus.said));
    expect(refused).toMatchObject({ reason: 'invalid', commandId: id, callId, command: 'call.reject' });
    expect(refused.message).toMatch(/sipStatus: .*400.*\(found 200\)/);
    expect(refused.message).toContain('"why"');
    expect(edges.sent).toEqual([]);
  });

  test.each([
    ['no object', 'hang up, please'],
    ['nothing', null],
    ['ids that are none', { version: 1, id: 'a', type: 'call.hangup', callId: 'b' }],
  ])('a command that is %s is refused, without ids', async (_, detail) => {
    const { send, bus } = aPlatform();
    await send(detail);
    const refused = CommandRefused.parse(only(bus.said));
    expect(refused).toMatchObject({ reason: 'invalid', command: 'call.hangup' });
    expect(refused.commandId).toBeUndefined();
  });

  test.each([
    ['a command for a call that nobody knows', aHangup(), 'call.hangup'],
    ['what has no id', { type: 'call.hangup' }, 'call.hangup'],
  ])('%s is refused with one id, however often it is delivered', async (_, detail, type) => {
    const { send, bus } = aPlatform();
    await send(detail, type);
    await send(detail, type);
    const [first, second, ...more] = bus.said.map((event) => CommandRefused.parse(event));
    expect(more).toEqual([]);
    expect(second?.id).toBe(first?.id);
    await send(aHangup(), type);
    expect(CommandRefused.parse(bus.said[2]).id).not.toBe(first?.id);
  });

  test('a command under the name of another is refused', async () => {
    const { send, bus } = aPlatform();
    await send(aHangup(), 'call.reject');
    expect(only(bus.said)).toMatchObject({ reason: 'invalid', message: expect.stringContaining('type: ') });
  });

  test('a command whose name is mistyped is refused with the names that there are', async () => {
    const { send, bus, edges } = aPlatform();
    const command = aHangup();
    await send({ ...command, type: 'call.hangupp' }, 'call.hangupp');
    const refused = CommandRefused.parse(only(bus.said));
    expect(refused).toMatchObject({ reason: 'invalid', commandId: command.id, command: 'call.hangupp' });
    expect(refused.message).toMatch(/DetailType: .*call\.hangup,.*"call\.hangupp"/);
    expect(edges.sent).toEqual([]);
  });

  test('a command for a call that nobody knows is refused', async () => {
    const { send, bus } = aPlatform();
    const command = aHangup();
    expect(await send(command)).toEqual({ outcome: 'refused-unknown-call' });
    expect(only(bus.said)).toMatchObject({ reason: 'unknown-call', commandId: command.id });
  });

  test('a command that overtakes the record of its call waits for it', async () => {
    const { calls, edges, bus, clock } = aPlatform();
    const memory = memoryCalls();
    const received = anEvent('call.received');
    let looks = 0;
    const late = {
      async load(callId: string, freshness: 'cached' | 'latest') {
        looks += 1;
        if (looks === 2) await project({ calls: memory.calls, patience })(received);
        return memory.calls.load(callId, freshness);
      },
    };
    expect(await calls.load(received.callId, 'latest')).toBeUndefined();
    const handle = accept({
      ...memoryFleet(),
      calls: late,
      commands: memory.commands,
      edges,
      announce: bus,
      clock,
      patience,
    });
    const command = aHangup({ callId: received.callId });
    await handle(command, onTheBus('trunkline.client', 'call.hangup', command));
    expect(edges.sent).toHaveLength(1);
  });

  test('a command for a call that is over is refused', async () => {
    const { send, happen, bus } = aPlatform();
    const callId = ulid();
    await happen(...aCall(callId));
    await send(aHangup({ callId }));
    expect(only(bus.said)).toMatchObject({
      reason: 'call-ended',
      message: expect.stringContaining('caller-hangup'),
    });
  });

  test('a late repetition of the command that ended the call is not refused', async () => {
    const { send, happen, bus, edges } = aPlatform();
    const callId = ulid();
    const [first, ...rest] = aCall(callId);
    const command = aHangup({ callId });
    if (first) await happen(first);
    await send(command);
    await happen(...rest);
    expect(await send(command)).toEqual({ outcome: 'duplicate' });
    expect(bus.said).toEqual([]);
    expect(edges.sent).toHaveLength(1);
  });

  test('a command whose time is past is refused', async () => {
    const { send, happen, bus, clock } = aPlatform();
    const { callId } = anEvent('call.received');
    await happen(anEvent('call.received', { callId }));
    clock.goOn(2000);
    await send(aHangup({ callId, expiresAt: at(1000) }));
    expect(only(bus.said)).toMatchObject({ reason: 'expired', message: expect.stringContaining(at(1000)) });
  });
});

describe('accept-command of call.originate', () => {
  const anOrigination = (but = {}) => ({
    ...{ version: 1, id: ulid(), type: 'call.originate', callId: ulid() },
    ...{ to: { number: '+15550177' }, connect: { agent: 'echo' } },
    ...but,
  });

  test('hands the call to an edge that is up, to be begun within half a minute', async () => {
    const { send, edges, bus } = aPlatform();
    const command = anOrigination();
    expect(await send(command, 'call.originate')).toEqual({ outcome: 'sent' });
    expect(only(edges.sent)).toEqual({
      to: queueUrl,
      message: {
        ...{ kind: 'command', version: 1, sequence: 1 },
        command: { ...command, ringSeconds: 30, expiresAt: at(30_000) },
      },
    });
    expect(bus.said).toEqual([]);
  });

  test('sends a repeated one to the edge that was chosen first, whatever the fleet is now', async () => {
    const { send, edges, known, clock } = aPlatform();
    const command = anOrigination();
    await send(command, 'call.originate');
    const other = { edgeId: 'edge-2', queueUrl: `${queueUrl}-2`, calls: 0, draining: false };
    known.splice(0, 1, { ...other, heartbeatAt: clock.now() });
    clock.goOn(100);
    await send(command, 'call.originate');
    expect(edges.sent).toHaveLength(2);
    expect(edges.sent[1]).toEqual(edges.sent[0]);
  });

  test('repeated when its call has begun changes nothing, also where its time is past', async () => {
    const { send, edges, bus, clock, happen } = aPlatform();
    const command = anOrigination({ expiresAt: at(1_000) });
    await send(command, 'call.originate');
    const { id: commandId, callId } = command;
    await happen(anEvent('call.originated', { callId, commandId }));
    clock.goOn(5_000);
    expect(await send(command, 'call.originate')).toEqual({ outcome: 'duplicate' });
    expect([edges.sent.length, bus.said]).toEqual([1, []]);
  });

  test('of another command for the same call is refused, before the call is known and after', async () => {
    const { send, edges, bus, happen } = aPlatform();
    const command = anOrigination();
    await send(command, 'call.originate');
    const { callId } = command;
    await send(anOrigination({ callId }), 'call.originate');
    await happen(anEvent('call.originated', { callId, commandId: command.id }));
    await send(anOrigination({ callId }), 'call.originate');
    expect(bus.said).toMatchObject([{ reason: 'wrong-state' }, { reason: 'wrong-state' }]);
    expect(edges.sent).toHaveLength(1);
  });

  test.each([
    ['drains', { draining: true }],
    ['has been silent for half a minute', { heartbeatAt: Date.parse(at(-30_000)) }],
  ])('is refused where the only edge %s', async (_why, but) => {
    const { send, edges, bus, known } = aPlatform();
    Object.assign(known[0] ?? {}, but);
    await send(anOrigination(), 'call.originate');
    expect(only(bus.said)).toMatchObject({ reason: 'failed', message: expect.stringContaining('no edge') });
    expect(edges.sent).toEqual([]);
  });

  test('whose time is past is refused', async () => {
    const { send, bus, clock } = aPlatform();
    clock.goOn(2_000);
    await send(anOrigination({ expiresAt: at(1_000) }), 'call.originate');
    expect(only(bus.said)).toMatchObject({ reason: 'expired' });
  });

  test('makes a call that takes commands as any other', async () => {
    const { send, edges, happen } = aPlatform();
    const { callId } = anEvent('call.originated');
    await happen(anEvent('call.originated', { callId, replyTo: queueUrl }));
    expect(await send(aHangup({ callId }))).toMatchObject({ outcome: 'sent', facts: { sequence: 1 } });
    expect(only(edges.sent)).toMatchObject({ to: queueUrl });
  });
});
