import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import { EdgeMessage } from '../../contracts/edge-message.ts';
import { collect, Moment } from '../../functions/collect-dtmf.ts';
import { project } from '../../functions/project-call.ts';
import { cachedRouting } from '../../functions/routing.ts';
import { aConfig, anEvent, at, queueUrl } from './an-event.ts';
import { aClock, memoryCalls, memoryConfig, memoryEdges } from './in-memory.ts';

const patience = { retries: 2, minTimeout: 0 };
const config = aConfig({
  collections: {
    pin: { maxLength: 4, terminator: '#', attempts: 3, otherwise: 'hangup' },
    survey: { maxLength: 1 },
    card: { maxLength: 16, secret: true, key: 'vault' },
  },
  keys: { vault: { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'B'.repeat(43) } },
});

async function aPlatform({ recorded = true } = {}) {
  const { calls, commands } = memoryCalls();
  const [edges, clock] = [memoryEdges(), aClock()];
  const routing = cachedRouting(memoryConfig({ version: 3, config }));
  const handle = collect({ routing, calls, commands, edges, clock, patience });
  const callId = ulid();
  if (recorded) await project({ calls, patience })(anEvent('call.received', { callId }));
  const answered = (name?: string) =>
    handle(Moment.parse(anEvent('call.answered', { callId, seq: 3, collect: name })));
  const collected = (name: string, outcome: string) =>
    handle(
      Moment.parse(
        anEvent('dtmf.collected', {
          ...{ callId, seq: 9, collectionId: ulid(), leg: 'a', name, outcome, attempts: 3 },
        }),
      ),
    );
  const end = () => project({ calls, patience })(anEvent('call.ended', { callId, seq: 10 }));
  return { callId, edges, answered, collected, end };
}

describe('collect-dtmf', () => {
  test('asks the caller of an agent for what the configuration says, at the edge of the call', async () => {
    const { callId, edges, answered } = await aPlatform();
    expect(await answered('card')).toMatchObject({ outcome: 'sent' });
    const [sent] = edges.sent;
    expect(sent?.to).toBe(queueUrl);
    expect(EdgeMessage.parse(sent?.message)).toMatchObject({
      kind: 'command',
      sequence: 1,
      command: {
        ...{ type: 'call.collect', callId, name: 'card', leg: 'a', secret: true, key: 'vault' },
        ...{ maxLength: 16, attempts: 1, expiresAt: at(10_000) },
      },
    });
  });

  test('an answer that is delivered twice is asked for once: the command is the same', async () => {
    const { edges, answered } = await aPlatform();
    await answered('pin');
    await answered('pin');
    expect(edges.sent[1]).toEqual(edges.sent[0]);
  });

  test('a call whose agent asks for nothing, or for what is no longer configured, is left alone', async () => {
    const { edges, answered } = await aPlatform();
    expect(await answered()).toEqual({ outcome: 'nothing-to-do', routine: true });
    expect(await answered('gone')).toEqual({ outcome: 'nothing-to-do', routine: true });
    expect(await answered('toString')).toEqual({ outcome: 'nothing-to-do', routine: true });
    expect(edges.sent).toEqual([]);
  });

  test.each([
    ['pin', 'timeout', ['call.hangup']],
    ['pin', 'failed', ['call.hangup']],
    ['pin', 'complete', []],
    ['survey', 'timeout', []],
  ])('after %s ended with %s it sends %j', async (name, outcome, commands) => {
    const { edges, collected } = await aPlatform();
    await collected(name, outcome);
    expect(edges.sent.map(({ message }) => EdgeMessage.parse(message))).toMatchObject(
      commands.map((type) => ({ command: { type } })),
    );
  });

  test('a call that is over is asked for nothing', async () => {
    const { edges, answered, end } = await aPlatform();
    await end();
    expect(await answered('pin')).toEqual({ outcome: 'over-already' });
    expect(edges.sent).toEqual([]);
  });

  test('a call without a record is an error, so that the event is tried again', async () => {
    const { answered } = await aPlatform({ recorded: false });
    await expect(answered('pin')).rejects.toThrow(/no record of call/);
  });
});
