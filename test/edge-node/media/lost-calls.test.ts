import { expect, test } from 'vitest';
import { listenForLostCalls } from '../../../edge-node/media/lost-calls.ts';

const teardown = (callId: string) =>
  `<?xml version="1.0"?><methodCall><methodName>teardown</methodName><params><param><value><string>${callId}</string></value></param></params></methodCall>`;

const post = async (port: number, body: string) =>
  (await fetch(`http://127.0.0.1:${port}/RPC2`, { method: 'POST', body })).status;

test('a call that rtpengine drops is told once; what names no call of ours is not', async () => {
  const lost: string[] = [];
  await using door = await listenForLostCalls({ host: '127.0.0.1', port: 0 }, (callId) => lost.push(callId));
  expect(await post(door.port, teardown('01ARZ3NDEKTSV4RRFFQ69G5FAV'))).toBe(200);
  expect(await post(door.port, teardown('../../etc/passwd'))).toBe(200);
  expect(await post(door.port, 'not XML at all')).toBe(200);
  expect(lost).toEqual(['01ARZ3NDEKTSV4RRFFQ69G5FAV']);
});

test('a document that is too long is cut off', async () => {
  await using door = await listenForLostCalls({ host: '127.0.0.1', port: 0 }, () => {});
  await expect(post(door.port, 'x'.repeat(100_000))).rejects.toThrow();
});
