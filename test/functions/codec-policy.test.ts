import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../contracts/config.ts';
import { EdgeMessage } from '../../contracts/edge-message.ts';
import { Moment, mendMedia } from '../../functions/codec-policy.ts';
import { project } from '../../functions/project-call.ts';
import { cachedRouting } from '../../functions/routing.ts';
import { aConfig, anEvent, at, queueUrl } from './an-event.ts';
import { aClock, memoryCalls, memoryConfig, memoryEdges } from './in-memory.ts';

const patience = { retries: 2, minTimeout: 0 };
type Media = NonNullable<NonNullable<RoutingConfigInput['policies']>[string]['media']>;

async function aPlatform(media: Media | undefined) {
  const config = aConfig({
    agents: { echo: { targets: [{ uri: 'sip:echo@192.0.2.9' }], policy: 'tested' } },
    policies: { tested: media === undefined ? {} : { media } },
  });
  const { calls, commands } = memoryCalls();
  const [edges, clock] = [memoryEdges(), aClock()];
  const routing = cachedRouting(memoryConfig({ version: 3, config }));
  const handle = mendMedia({ routing, calls, commands, edges, clock, patience });
  const callId = ulid();
  for (const [seq, type] of (['call.received', 'call.routed'] as const).entries())
    await project({ calls, patience })(anEvent(type, { callId, seq }));
  const id = ulid();
  const broken = (promise: string, agreed: string) =>
    handle(
      Moment.parse(
        anEvent('media.contract-broken', { id, callId, seq: 5, leg: 'a', promise, agreed, found: 'another' }),
      ),
    );
  const answered = (transcoded: boolean) =>
    handle(
      Moment.parse(
        anEvent('call.answered', { id, callId, seq: 3, transcoded, codecs: { a: 'PCMA', b: 'PCMU' } }),
      ),
    );
  const end = () => project({ calls, patience })(anEvent('call.ended', { callId, seq: 10 }));
  const sent = () => edges.sent.map(({ to, message }) => ({ to, ...EdgeMessage.parse(message) }));
  return { callId, sent, broken, answered, end };
}

describe('codec-policy', () => {
  test.each([
    ['ptime', '20 ms', { leg: 'a', ptime: 20 }],
    ['codec', 'PCMU, PCMA', { leg: 'a', codecs: ['PCMU', 'PCMA'] }],
  ])('asks who breaks the promise of its %s to keep it', async (promise, agreed, wanted) => {
    const { callId, sent, broken } = await aPlatform({ onContractBroken: 'update' });
    expect(await broken(promise, agreed)).toMatchObject({ outcome: 'sent' });
    const command = { type: 'call.update-media', callId, expiresAt: at(10_000), ...wanted };
    expect(sent()).toMatchObject([{ to: queueUrl, kind: 'command', sequence: 1, command }]);
  });

  test('asks the agent for what the caller speaks, where its audio is converted', async () => {
    const { sent, answered } = await aPlatform({ onTranscoded: 'update' });
    await answered(false);
    expect(sent()).toEqual([]);
    await answered(true);
    expect(sent()).toMatchObject([{ command: { type: 'call.update-media', leg: 'b', codecs: ['PCMA'] } }]);
  });

  test('asks for nothing that the policy does not ask for, nor for what no re-INVITE mends', async () => {
    const silent = await aPlatform(undefined);
    await silent.broken('ptime', '20 ms');
    await silent.answered(true);
    expect(silent.sent()).toEqual([]);
    const eager = await aPlatform({ onContractBroken: 'update', onTranscoded: 'update' });
    expect(await eager.broken('direction', 'sends nothing')).toEqual({
      outcome: 'nothing-to-do',
      routine: true,
    });
    expect(eager.sent()).toEqual([]);
  });

  test('asks once however often an event is delivered, and not at all once the call is over', async () => {
    const { sent, broken, end } = await aPlatform({ onContractBroken: 'update' });
    await broken('ptime', '20 ms');
    await broken('ptime', '20 ms');
    expect(sent()[1]).toEqual(sent()[0]);
    await end();
    expect(await broken('ptime', '20 ms')).toEqual({ outcome: 'over-already' });
    expect(sent()).toHaveLength(2);
  });
});
