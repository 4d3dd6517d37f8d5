import { describe, expect, test } from 'vitest';
import { AnyEvent } from '../../contracts/events.ts';
import { busHandler, type Outcome, UnreadableEvent } from '../../functions/bus-handler.ts';
import type { Facts, Log } from '../../functions/log.ts';
import { anEvent, onTheBus } from './an-event.ts';

function aLog() {
  const lines: { level: string; message: string; facts: Facts }[] = [];
  const at = (level: string) => (message: string, facts: Facts) => void lines.push({ level, message, facts });
  const log: Log = { debug: at('debug'), info: at('info'), error: at('error') };
  return { log, lines };
}

const door = (work: () => Promise<Outcome>) => {
  const { log, lines } = aLog();
  return { handle: busHandler('a-function', AnyEvent, work, log), lines };
};

describe('the door of a function', () => {
  test('logs one line that tells which event it was and what came of it', async () => {
    const { handle, lines } = door(async () => ({ outcome: 'duplicate' }));
    const event = anEvent('dtmf.received', { seq: 4, digitId: '01KG0000000000000000000001', digit: '7' });
    await handle(onTheBus('trunkline.edge', 'dtmf.received', event));
    expect(lines).toMatchObject([
      {
        level: 'info',
        message: 'duplicate',
        facts: { type: 'dtmf.received', callId: event.callId, seq: 4, eventId: event.id },
      },
    ]);
  });

  test('keeps routine outcomes out of the paid log', async () => {
    const { handle, lines } = door(async () => ({ outcome: 'projected', routine: true }));
    await handle(onTheBus('trunkline.edge', 'call.ringing', anEvent('call.ringing')));
    expect(lines.map(({ level }) => level)).toEqual(['debug']);
  });

  test('an event with a bad field ends in the dead-letter queue with the path of the field, its value in no log', async () => {
    const { handle, lines } = door(async () => ({ outcome: 'never' }));
    const event = {
      ...anEvent('dtmf.received', { digitId: '01KG0000000000000000000001' }),
      digit: 'secret-4711',
    };
    await expect(handle(onTheBus('trunkline.edge', 'dtmf.received', event))).rejects.toThrow(
      /digit: must be one of/,
    );
    expect(lines).toMatchObject([{ level: 'error', facts: { outcome: 'unreadable', callId: event.callId } }]);
    expect(JSON.stringify(lines)).not.toContain('4711');
  });

  test.each([
    [
      'an event that is not ours',
      onTheBus('aws.ec2', 'EC2 Instance State-change Notification', { state: 'running' }),
      'type',
    ],
    ['a detail that is no object', onTheBus('trunkline.edge', 'call.received', 'hello'), '(message)'],
    ['an invocation that is no event', { hello: 'world' }, 'source'],
    ['nothing', undefined, '(message)'],
  ])('%s is an unreadable event', async (_, input, path) => {
    const { handle } = door(async () => ({ outcome: 'never' }));
    const error = await handle(input).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(UnreadableEvent);
    expect(String(error)).toContain(path);
  });

  test('a failure of the work is logged and thrown, so that the event is tried again', async () => {
    const { handle, lines } = door(() => Promise.reject(new Error('the table is away')));
    await expect(handle(onTheBus('trunkline.edge', 'call.ringing', anEvent('call.ringing')))).rejects.toThrow(
      'the table is away',
    );
    expect(lines).toMatchObject([
      { level: 'error', message: 'the table is away', facts: { outcome: 'failed' } },
    ]);
  });
});
