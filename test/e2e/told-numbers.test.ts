import { expect, test } from 'vitest';
import { type EdgeMetricName, edgeMetrics } from '../../contracts/edge-metrics.ts';
import { freePort } from '../../local/free-ports.ts';
import { tone } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { heardLogger } from '../edge-node/heard-logger.ts';
import { NUMBER, routeTo, startPlatform } from './platform.ts';

/** What an edge has told in its log so far of one metric, with these dimensions and no others. */
function toldOf(lines: readonly string[], name: EdgeMetricName, own: Record<string, string>): number {
  let sum = 0;
  for (const line of lines) {
    const told = JSON.parse(line) as Record<string, number> & {
      _aws: { CloudWatchMetrics: [{ Dimensions: [string[]] }] };
    };
    const [dimensions] = told._aws.CloudWatchMetrics[0].Dimensions;
    const isIt =
      dimensions.length === Object.keys(own).length &&
      Object.entries(own).every(
        ([dimension, value]) => (told as object as Record<string, string>)[dimension] === value,
      );
    if (isIt) sum += told[name] ?? 0;
  }
  return sum;
}

/** What /metrics shows of it, over all labels but these. */
function shownOf(page: string, name: EdgeMetricName, own: Record<string, string>): number {
  const wanted = Object.entries(own).map(([label, value]) => `${label}="${value}"`);
  return page
    .split('\n')
    .filter(
      (line) => line.startsWith(`${edgeMetrics[name].from}{`) && wanted.every((each) => line.includes(each)),
    )
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

test('an edge tells in its log the very numbers that /metrics shows, however it is cut into lines', async () => {
  const port = await freePort();
  const { logger, lines } = heardLogger();
  await using platform = await startPlatform({
    config: routeTo([`sip:agent@127.0.0.1:${port}`]),
    edge: 'process',
    edgeSettings: { TRUNKLINE_EMF_MS: 50, TRUNKLINE_FLEET: 'laptop' },
    logger,
  });
  await using _ = await startAgent({ port });
  const { record } = await platform.place({ to: NUMBER, audio: tone(700, 500), digits: '12', talkMs: 1_500 });
  expect(record).toMatchObject({
    ended: { reason: 'caller-hangup' },
    digitCount: { received: 4, delivered: 4 },
  });

  const told = () =>
    lines
      .filter(({ peer }) => peer === 'edge')
      .map(({ msg }) => String(msg))
      .join('\n')
      .split('\n')
      .filter((line) => line.startsWith('{"_aws"') && line.endsWith('}'));
  for (const [name, dimensions, labels, value] of [
    ['CallsEnded', {}, {}, 1],
    ['CallsEnded', { Blame: 'caller' }, { blame: 'caller' }, 1],
    ['Digits', { Stage: 'delivered' }, { stage: 'delivered' }, 4],
    ['Responses', { Direction: 'in', Class: '2xx' }, { direction: 'in', class: '2xx' }, 1],
  ] as const) {
    const shown = shownOf(await platform.metrics(), name, labels);
    expect({ [name]: shown }).toEqual({ [name]: value });
    await expect.poll(() => toldOf(told(), name, { Fleet: 'laptop', ...dimensions })).toBe(value);
  }
});
