import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import { Command } from '../../../contracts/commands.ts';
import { applyCommand } from '../../../edge-node/signaling/call-commands.ts';
import { cases } from '../../sdk/command-rules.ts';
import { aCall } from './transfer-call.ts';

/** The same cases as for the test kit of handlers, which must not take what an edge refuses. */
describe('a command is taken or refused by the state of its call', () => {
  test.each(cases)('$name: $outcome', async ({ before, asked, outcome }) => {
    const { on, call } = await aCall();
    const apply = async ({ type, ...fields }: (typeof cases)[number]['asked']) => {
      const collectionId = type === 'call.collect' ? { collectionId: ulid() } : {};
      const envelope = { version: 1, id: ulid(), type, callId: call.id };
      const answer = await applyCommand(call, Command.parse({ ...envelope, ...collectionId, ...fields }));
      await on.settled();
      return answer.applied ? 'applied' : answer.reason;
    };
    for (const each of before) expect(await apply(each)).toBe('applied');
    expect(await apply(asked)).toBe(outcome);
  });
});
