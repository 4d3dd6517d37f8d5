import { describe, expect, test } from 'vitest';
import { decideRoute } from '../../../core/decide-route.ts';
import { systemClock } from '../../../edge-node/clock.ts';
import { createMessageDoor } from '../../../edge-node/commands/inbox.ts';
import { aReceivedCall } from '../an-event.ts';
import { aConfig } from '../decisions/a-config.ts';
import { heardLogger } from '../heard-logger.ts';

function aDoor(command: () => Promise<void> = async () => undefined) {
  const came: unknown[] = [];
  const counted: string[] = [];
  const log = heardLogger();
  const door = createMessageDoor({
    decision: (decision) => came.push(decision),
    command: (delivered) => {
      came.push(delivered);
      return command();
    },
    metrics: { message: (kind, outcome) => counted.push(`${kind} ${outcome}`) },
    logger: log.logger,
  });
  return { door, came, counted, log };
}

const received = aReceivedCall({ expiresAt: new Date().toISOString() });
const decision = decideRoute(received, aConfig(), { id: systemClock.newId(), now: received.time });
const command = {
  kind: 'command',
  version: 1,
  sequence: 1,
  command: { version: 1, id: systemClock.newId(), type: 'call.hangup', callId: systemClock.newId() },
};

describe('the door of the queue', () => {
  test.each([
    ['a decision', decision],
    ['a command', command],
  ])('lets in %s', async (_what, message) => {
    const { door, came } = aDoor();
    await door(JSON.stringify(message));
    expect(came).toEqual([message]);
  });

  test.each([
    ['what is not JSON', 'hello', '(message)'],
    ['a message of an unknown kind', JSON.stringify({ kind: 'greeting' }), 'kind'],
    ['a decision without its call', JSON.stringify({ ...decision, callId: undefined }), 'callId'],
    [
      'a command with a wrong field',
      JSON.stringify({ ...command, command: { ...command.command, reson: 'typo' } }),
      'command',
    ],
    ['an event', JSON.stringify(received), 'kind'],
  ])('refuses %s, names the field and is done with it', async (_what, body, path) => {
    const { door, came, counted, log } = aDoor();
    await door(body);
    expect(came).toEqual([]);
    expect(counted).toEqual(['unknown invalid']);
    expect(log.said('neither decision nor command')).toMatchObject([{ faults: [{ path }] }]);
  });

  test('is not done with a command before the command is', async () => {
    const { door } = aDoor(async () => {
      throw new Error('not now');
    });
    await expect(door(JSON.stringify(command))).rejects.toThrow('not now');
  });
});
