import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { countsBetween, dollarsPerMillion, readPrices, sumOf } from '../../bench/bill.ts';
import type { Metered } from '../../local/cloud/meter.ts';
import { aFolder } from '../local/stand-in.ts';

const file = new URL('../../bench/prices.yaml', import.meta.url);

const reading = (times: number): Metered => ({
  events: { units: 5 * times, bytes: 2 ** 20 * times },
  functions: {
    one: { runs: 2 * times, ms: 500 * times, sdkCalls: 6 * times, memoryMb: 512, logBytes: 1024 * times },
    two: { runs: times, ms: 250 * times, sdkCalls: times, memoryMb: 1024, logBytes: 0 },
  },
  traces: { told: times, begun: 2 * times },
  tables: { readUnits: 4 * times, writeUnits: 8 * times, indexWriteUnits: 2 * times },
  queueRequests: 3 * times,
});

test('the bill of a call is the difference of two readings, over the calls between them', () => {
  expect(countsBetween(reading(10), reading(30), 10)).toEqual({
    ...{ events: 10, eventBytes: 2 ** 21, runs: 6, gbSeconds: 1, logBytes: 2048 },
    ...{ sdkCalls: 14, gbSdkCalls: 8, tracesTold: 2, tracesBegun: 4 },
    ...{ writeUnits: 16, indexWriteUnits: 4, readUnits: 8, queueRequests: 6 },
  });
});

test('each count has its price, and every price its source', () => {
  const prices = readPrices(file);
  const {
    EventBridge,
    Lambda,
    DynamoDB,
    SQS,
    Logs,
    'X-Ray': xray,
    ...others
  } = dollarsPerMillion(countsBetween(reading(0), reading(1), 1), prices);
  // 5 events a call and their archive: 1 MiB a call is 976.5625 GiB for a million.
  expect(EventBridge).toBeCloseTo(5 + 97.65625);
  // Beside half a GB-s measured, four GB of calls of the SDK at 8 ms.
  expect(Lambda).toBeCloseTo(3 * 0.2 + (0.5 + 4 * 0.008) * 13.3334);
  // One call of which one in twenty is kept, and two traces of functions.
  expect(xray).toBeCloseTo((0.05 + 2) * 5);
  expect(DynamoDB).toBeCloseTo(10 * 0.625 + 4 * 0.125);
  expect(SQS).toBeCloseTo(1.2);
  expect(Logs).toBeCloseTo((1024 * 1e6) / 2 ** 30 / 2);
  expect(others).toEqual({});
  expect(sumOf({ a: 1, b: 2.5 })).toBe(3.5);
});

test('a price file with faults is refused with all of them', async () => {
  await using folder = await aFolder();
  const path = join(folder.path, 'prices.yaml');
  await writeFile(path, 'region: here\nsqs: { source: nowhere, perMillionRequests: -1 }');
  expect(() => readPrices(path)).toThrow(/eventbridge: .*; sqs\.source: .*; sqs\.perMillionRequests: /);
});
