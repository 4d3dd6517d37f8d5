import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { tone } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { heardLogger } from '../edge-node/heard-logger.ts';
import { NUMBER, type Platform, routeTo, startPlatform } from './platform.ts';

let platform: Platform;
let ports: readonly [number, number];
const { logger, lines } = heardLogger();
const audio = tone(700, 500);
const to = (port: number) => routeTo([`sip:agent@127.0.0.1:${port}`]);

beforeAll(async () => {
  ports = [await freePort(), await freePort()];
  // Five seconds by default.
  const edgeSettings = { TRUNKLINE_DECISION_MS: 700, TRUNKLINE_SNAPSHOT_MS: 2_000 };
  platform = await startPlatform({ config: to(ports[0]), edgeSettings, logger });
});
afterAll(() => platform?.[Symbol.asyncDispose]());

test('a new configuration decides the next call, in the function at once, in the edge after one look; calls go on', async () => {
  const { env, next } = platform;
  await using _former = await startAgent({ port: ports[0] });
  await using _other = await startAgent({ port: ports[1] });
  const answered = next('call.answered');
  const upMeanwhile = env.call({ to: NUMBER, audio, talkMs: 6_000 });
  const { callId } = await answered;

  const { version } = await env.state.routing.push(to(ports[1]));
  const live = await platform.place({ to: NUMBER, audio, talkMs: 300 });
  expect(live.carrier).toMatchObject({ ok: true, errors: '' });
  expect(live.record.routed).toMatchObject({ source: 'live', configVersion: version });

  const takenUp = () =>
    lines.some((line) => line.msg === 'routing configuration taken up' && line['version'] === version);
  await expect.poll(takenUp, { timeout: 15_000 }).toBe(true);
  // Away from the bus an edge decides from its own copy.
  env.cloud.faults.eventBridgeDown = true;
  const told = next('call.ended', (event) => event.callId !== callId);
  expect(await env.call({ to: NUMBER, audio, talkMs: 300 })).toMatchObject({ ok: true, errors: '' });
  env.cloud.faults.eventBridgeDown = false;
  const { callId: later = '' } = await told;

  expect(await upMeanwhile).toMatchObject({ ok: true, errors: '' });
  await env.settled();
  const [former, byEdge] = [await env.state.call(callId), await env.state.call(later)];
  expect(former).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });
  expect(former?.routed?.configVersion).not.toBe(version);
  expect(byEdge?.routed).toMatchObject({ source: 'snapshot', configVersion: version });
  const calledBy = (call: typeof byEdge) => call?.routed?.targets.map(({ uri }) => uri);
  expect(calledBy(byEdge)).toEqual([expect.stringContaining(`:${ports[1]}`)]);
  expect(calledBy(former)).toEqual([expect.stringContaining(`:${ports[0]}`)]);
});
