import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { describe, expect, test } from 'vitest';
import { awsClient } from '../../../edge-node/adapters/aws-client.ts';
import { eventBridgeBus } from '../../../edge-node/adapters/event-bridge.ts';
import { aRinging } from '../an-event.ts';
import { type AwsAnswer, anAwsEndpoint } from './aws-endpoint.ts';

async function aBus(answer: () => AwsAnswer, timeoutMs = 3_000) {
  const { client, requests, close } = await anAwsEndpoint(answer);
  const bridge = new EventBridgeClient({ ...awsClient({}, timeoutMs), ...client });
  return { bus: eventBridgeBus({ busName: 'calls', client: bridge }), requests, close };
}

const anEntry = () => {
  const event = aRinging({ time: '2026-01-31T12:00:00.500Z' });
  return {
    source: 'trunkline.edge',
    detailType: event.type,
    time: event.time,
    detail: JSON.stringify(event),
  };
};

describe('PutEvents', () => {
  test('says each event with bus, source, type, time and detail', async () => {
    const { bus, requests } = await aBus(() => ({
      body: { FailedEntryCount: 0, Entries: [{ EventId: '1' }] },
    }));
    const entry = anEntry();
    expect(await bus.put([entry])).toEqual([{ ok: true }]);
    expect(requests).toEqual([
      {
        action: 'PutEvents',
        body: {
          Entries: [
            {
              EventBusName: 'calls',
              Source: 'trunkline.edge',
              DetailType: 'call.ringing',
              Detail: entry.detail,
              Time: Date.parse(entry.time) / 1000,
            },
          ],
        },
      },
    ]);
  });

  test('gives the outcome of each entry, in their order', async () => {
    const { bus } = await aBus(() => ({
      body: {
        FailedEntryCount: 1,
        Entries: [{ EventId: '1' }, { ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' }],
      },
    }));
    expect(await bus.put([anEntry(), anEntry(), anEntry()])).toEqual([
      { ok: true },
      { ok: false, code: 'ThrottlingException', message: 'slow down' },
      { ok: false, code: 'NoOutcome', message: expect.any(String) },
    ]);
  });

  test('turns a request refused for its content into outcomes', async () => {
    const refused = { __type: 'ValidationException', message: 'Total size of the entries is over the limit' };
    const { bus } = await aBus(() => ({ status: 400, body: refused }));
    expect(await bus.put([anEntry()])).toEqual([
      { ok: false, code: 'ValidationException', message: refused.message },
    ]);
  });

  test.each([
    ['permission', { status: 400, body: { __type: 'AccessDeniedException', message: 'no' } }],
    ['the bus', { status: 400, body: { __type: 'ResourceNotFoundException', message: 'no' } }],
    ['the service', { status: 500, body: { __type: 'InternalException', message: 'no' } }],
    ['the connection', 'reset' as const],
  ])('throws after one try where %s fails: that can be mended', async (_what, answer) => {
    const { bus, requests } = await aBus(() => answer);
    await expect(bus.put([anEntry()])).rejects.toThrow();
    expect(requests).toHaveLength(1);
  });

  test('throws where nobody listens', async () => {
    const { bus, close } = await aBus(() => 'silence');
    await close();
    await expect(bus.put([anEntry()])).rejects.toThrow('ECONNREFUSED');
  });

  test('throws where nobody answers within the time-out', async () => {
    const { bus } = await aBus(() => 'silence', 50);
    await expect(bus.put([anEntry()])).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
