import { describe, expect, test } from 'vitest';
import { EdgeMessage } from '../../contracts/edge-message.ts';
import { isEdgeQueue } from '../../functions/adapters/sqs-edge-queues.ts';
import { busHandler } from '../../functions/bus-handler.ts';
import { answer, Question } from '../../functions/decide-route.ts';
import { cachedRouting } from '../../functions/routing.ts';
import { aConfig, anEvent, at, onTheBus, queueUrl } from './an-event.ts';
import { aClock, memoryConfig, memoryDecisions, memoryEdges } from './in-memory.ts';

const question = (over: object = {}) =>
  Question.parse(anEvent('call.received', { expiresAt: at(1500), ...over }));

function aPlatform(config = memoryConfig({ version: 3, config: aConfig() })) {
  const edges = memoryEdges();
  const clock = aClock();
  const decide = answer({ routing: cachedRouting(config), decisions: memoryDecisions(), edges, clock });
  return { config, edges, clock, decide };
}

describe('decide-route', () => {
  test('a call to a known number is connected to its agent, in a message to the queue of its edge', async () => {
    const { decide, edges } = aPlatform();
    const event = question();
    expect(await decide(event)).toMatchObject({ outcome: 'decided', routine: true });
    expect(edges.sent).toHaveLength(1);
    expect(edges.sent[0]?.to).toBe(queueUrl);
    const message = EdgeMessage.parse(edges.sent[0]?.message);
    expect(message).toMatchObject({
      kind: 'decision',
      eventId: event.id,
      configVersion: 3,
      expiresAt: at(1500),
    });
    expect(message).toMatchObject({ route: { action: 'connect', agent: 'echo' } });
  });

  test('a repeated event sends the decision that stands, though the configuration has changed', async () => {
    const { decide, edges, config } = aPlatform();
    const event = question();
    await decide(event);
    config.table.stored = { version: 4, config: aConfig({ numbers: { '*': { reject: 603 } } }) };
    expect(await decide(event)).toMatchObject({ outcome: 'sent-again' });
    expect(edges.sent[1]).toEqual(edges.sent[0]);
  });

  test('an event whose deadline is past is dropped and said so: the edge has decided by itself', async () => {
    const { decide, edges, clock } = aPlatform();
    clock.goOn(1500);
    expect(await decide(question())).toEqual({ outcome: 'dropped-expired' });
    expect(edges.sent).toEqual([]);
  });

  test('the configuration is loaded once and again only when its version changes', async () => {
    const { decide, config } = aPlatform();
    await decide(question());
    await decide(question());
    expect(config.table.loads).toBe(1);
    config.table.stored = { version: 4, config: aConfig() };
    await decide(question());
    expect(config.table.loads).toBe(2);
  });

  test('without any configuration nothing is decided and the error says what to do', async () => {
    const { decide, edges } = aPlatform(memoryConfig());
    await expect(decide(question())).rejects.toThrow('no configuration was pushed yet');
    expect(edges.sent).toEqual([]);
  });

  test('an event without replyTo is refused at the door with the path of the field', async () => {
    const handler = busHandler('decide-route', Question, aPlatform().decide);
    const { replyTo: _, ...silent } = question();
    await expect(handler(onTheBus('trunkline.edge', 'call.received', silent))).rejects.toThrow('replyTo:');
  });
});

describe('a reply goes to the queue of an edge and nowhere else', () => {
  const ours = (url: string) => isEdgeQueue(url, 'trunkline-to-');

  test.each([
    'https://sqs.eu-central-1.amazonaws.com/111122223333/trunkline-to-edge-1',
    'http://127.0.0.1:4100/000000000000/trunkline-to-edge-1',
  ])('%s is ours', (url) => expect(ours(url)).toBe(true));

  test.each([
    ['the queue of somebody else', 'https://sqs.eu-central-1.amazonaws.com/111122223333/payroll'],
    ['the prefix alone', 'https://sqs.eu-central-1.amazonaws.com/111122223333/trunkline-to-'],
    ['a path that climbs', 'https://sqs.eu-central-1.amazonaws.com/111122223333/trunkline-to-/../payroll'],
    ['a longer path', 'https://sqs.eu-central-1.amazonaws.com/111122223333/x/trunkline-to-edge-1'],
    ['no account', 'https://evil.example/trunkline-to-edge-1'],
    ['a query', 'https://sqs.eu-central-1.amazonaws.com/111122223333/trunkline-to-edge-1?Action=x'],
    ['no URL', 'trunkline-to-edge-1'],
  ])('%s is not', (_, url) => expect(ours(url)).toBe(false));
});
