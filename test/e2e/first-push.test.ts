import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { askOptions } from './ask-options.ts';
import { NUMBER, type Platform, routeTo, startPlatform } from './platform.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({ edgeSettings: { TRUNKLINE_SNAPSHOT_MS: 1_000 } });
});
afterAll(() => platform?.[Symbol.asyncDispose]());

test('an edge that is deployed before the first push is ready, refuses every call, and takes calls after it', async () => {
  const { env } = platform;
  const { host, port: http } = env.edge.http;
  expect((await fetch(`http://${host}:${http}/ready`)).status).toBe(200);
  // Whoever is no peer of ours hears just that, whatever is asked.
  expect(await askOptions(env.sip)).toBe(403);
  expect(await env.call({ to: NUMBER, script: { expect: 403 } })).toMatchObject({ ok: true, errors: '' });
  await env.settled();
  expect(env.events('call.')).toEqual([]);

  const port = await freePort();
  await using _ = await startAgent({ port });
  const { version } = await env.state.routing.push(routeTo([`sip:agent@127.0.0.1:${port}`]));
  await expect
    .poll(async () => (await env.call({ to: NUMBER, talkMs: 200 })).errors, { timeout: 30_000 })
    .toBe('');
  expect(await askOptions(env.sip)).toBe(200);
  await env.settled();
  const [call] = await env.calls();
  expect(call).toMatchObject({ routed: { configVersion: version }, ended: { reason: 'caller-hangup' } });
});
