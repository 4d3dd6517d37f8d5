import { describe, expect, test } from 'vitest';
import { Command, type CommandType, commands } from '../../contracts/commands.ts';
import { type Calls, callsOver, InvalidCommand } from '../../sdk/calls.ts';

const callId = '01KG9YS7G0XP7CFC7J2SPVFN2P';

/** ids end in a counter, so that each is another. */
function over() {
  const sent: Command[] = [];
  let given = 0;
  const calls = callsOver({
    idFor: () => `01KG9YS7G0XP7CFC7J2SPV${String(given++).padStart(4, '0')}`,
    put: async (command) => void sent.push(command),
  });
  return { calls, sent };
}

const each: { readonly [T in CommandType]: (calls: Calls) => Promise<{ readonly commandId: string }> } = {
  'call.hangup': (calls) => calls.hangup(callId, { reason: 'end of the shift' }),
  'call.reject': (calls) => calls.reject(callId),
  'call.transfer': (calls) => calls.transfer(callId, { to: { agent: 'sales' } }),
  'call.hold': (calls) => calls.hold(callId, { leg: 'b' }),
  'call.resume': (calls) => calls.resume(callId),
  'call.send-dtmf': (calls) => calls.sendDtmf(callId, { leg: 'b', digits: '12#' }),
  'call.collect': (calls) => calls.collect(callId, { maxLength: 4 }),
  'call.play': (calls) => calls.play(callId, { file: 'welcome.wav' }),
  'call.stop': (calls) => calls.stop(callId),
  'call.update-media': (calls) => calls.updateMedia(callId, { leg: 'a', codecs: ['PCMA'] }),
  'call.originate': (calls) => calls.originate({ to: { agent: 'sales' }, connect: { agent: 'support' } }),
};

describe('every command', () => {
  test.each(Object.keys(commands) as CommandType[])('%s is sent as the platform takes it', async (type) => {
    const { calls, sent } = over();
    const { commandId } = await each[type](calls);
    expect(sent).toMatchObject([{ type, id: commandId, version: 1 }]);
    expect(Command.safeParse(sent[0]).success).toBe(true);
  });
});

test('a command that the platform would refuse is refused before it is sent, with every fault', async () => {
  const { calls, sent } = over();
  const wrong = calls.sendDtmf('my call', { leg: 'b', digits: '12x' });
  await expect(wrong).rejects.toThrow(InvalidCommand);
  await expect(wrong).rejects.toThrow(
    'callId: must be a ULID (26 characters) (found "my call"); digits: must be of 0-9 * # A-D and commas (found "12x")',
  );
  expect(sent).toEqual([]);
});

test('a field that a command does not have cannot slip in, whatever the compiler was told', async () => {
  const { calls, sent } = over();
  const fields = { reason: 'over', force: true };
  await expect(calls.hangup(callId, fields)).rejects.toThrow('force');
  await calls.hangup(callId, Object.assign({ reason: 'over' }, { id: 'mine', type: 'call.reject' }));
  expect(sent).toMatchObject([{ type: 'call.hangup', reason: 'over' }]);
});

test('the id of a collection and of a call that is begun is in the answer', async () => {
  const { calls, sent } = over();
  const { collectionId } = await calls.collect(callId, {});
  const begun = await calls.originate({ to: { number: '+15550111' }, connect: { agent: 'sales' } });
  expect(sent).toMatchObject([{ collectionId }, { callId: begun.callId }]);
  expect(begun.callId).not.toBe(callId);
});

test('a function that may not read calls is told what to change', async () => {
  await expect(over().calls.get(callId)).rejects.toThrow('readsCalls: true');
});
