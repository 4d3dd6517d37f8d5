import { describe, expect, test } from 'vitest';
import { createToldMetrics } from '../../../local/cloud/told-metrics.ts';

const line = (own: object, more: object = {}) =>
  JSON.stringify({
    level: 'INFO',
    _aws: {
      Timestamp: 1,
      CloudWatchMetrics: [
        {
          Namespace: 'Shop',
          Dimensions: [['Function', 'Outcome']],
          Metrics: [
            { Name: 'OrdersTaken', Unit: 'Count' },
            { Name: 'OrderTime', Unit: 'Milliseconds' },
          ],
          ...more,
        },
      ],
    },
    ...{ Function: 'take-order', Outcome: 'taken' },
    ...own,
  });

async function pageAfter(...lines: string[]): Promise<string> {
  const told = createToldMetrics(() => [{ name: 'dead', depth: 3 }]);
  for (const each of lines) told.log(each);
  told.run('take-order', 250, true);
  told.run('take-order', 750, false);
  const call = { operation: '', body: Buffer.alloc(0), headers: {}, method: 'GET', url: '/metrics' };
  return String((await told.handle({ ...call, gone: AbortSignal.timeout(1_000) })).body);
}

describe('metrics that functions tell in their logs', () => {
  test('are added up, by their dimensions', async () => {
    const page = await pageAfter(
      line({ OrdersTaken: 2, OrderTime: 40 }),
      line({ OrdersTaken: 1, OrderTime: 60 }),
    );
    expect(page).toContain('shop_orders_taken_total{function="take-order",outcome="taken"} 3');
    expect(page).toContain('shop_order_time_sum{function="take-order",outcome="taken"} 100');
    expect(page).toContain('shop_order_time_count{function="take-order",outcome="taken"} 2');
  });

  test('stand beside their runs and the depth of the queues', async () => {
    const page = await pageAfter();
    expect(page).toContain('aws_lambda_invocations_total{function="take-order"} 2');
    expect(page).toContain('aws_lambda_errors_total{function="take-order"} 1');
    expect(page).toContain('aws_lambda_duration_seconds_sum{function="take-order"} 1');
    expect(page).toContain('aws_sqs_messages_visible{queue="dead"} 3');
  });

  test.each([
    ['a line of text', 'hello "_aws" world'],
    ['JSON that names no metric', JSON.stringify({ _aws: { CloudWatchMetrics: 'many' } })],
    ['a value that is no number', line({ OrdersTaken: 'two', OrderTime: null })],
    ['half a line', line({}).slice(0, 80)],
  ])('%s counts nothing', async (_, text) => {
    expect(await pageAfter(text)).not.toContain('shop_orders_taken_total{');
  });
});
