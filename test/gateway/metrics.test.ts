import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { createMetrics, tellCloudWatch } from '../../gateway/metrics.ts';

const telling = { everyMs: 60_000, fleet: 'voice', gateway: 'gateway-2' };

/** What one gateway writes for CloudWatch until it ends, as `DIMENSIONS METRIC VALUE`. */
async function told(desk: { sessions: number; refused: number }, how = telling): Promise<string[]> {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const logger = pino({ level: 'silent' });
  await tellCloudWatch(createMetrics(desk), how, logger, write)[Symbol.asyncDispose]();
  return lines.flatMap((line) => {
    const { _aws, ...rest } = JSON.parse(line);
    const [{ Namespace, Dimensions, Metrics }] = _aws.CloudWatchMetrics;
    const place = Dimensions[0].map((name: string) => rest[name]).join('/');
    return Metrics.map(({ Name }: { Name: string }) => `${Namespace} ${place} ${Name} ${rest[Name]}`);
  });
}

describe('a gateway tells CloudWatch', () => {
  test('its sessions, by the fleet for the average and by its own name', async () => {
    expect(await told({ sessions: 7, refused: 0 })).toEqual([
      'Trunkline voice AgentSessions 7',
      'Trunkline voice/gateway-2 AgentSessions 7',
    ]);
  });

  test('whom it had no room for, where there were any', async () => {
    expect(await told({ sessions: 1, refused: 3 })).toEqual(
      expect.arrayContaining(['Trunkline voice AgentSessionsRefused 3']),
    );
  });

  test('nothing where nobody listens', async () => {
    expect(await told({ sessions: 7, refused: 3 }, { ...telling, everyMs: 0 })).toEqual([]);
  });
});
