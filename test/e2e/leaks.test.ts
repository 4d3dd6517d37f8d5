import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { agentScenario } from '../../local/phone/agent-scenario.ts';
import { callerScenario } from '../../local/phone/scenario.ts';
import { startSipp } from '../../local/phone/sipp.ts';
import { NUMBER, type Platform, routeTo, startPlatform } from './platform.ts';
import { callsInRtpengine } from './rtpengine-calls.ts';

let platform: Platform;
let port: number;

beforeAll(async () => {
  port = await freePort();
  const config = routeTo([`sip:agent@127.0.0.1:${port}`], { quality: 'rtcp' });
  platform = await startPlatform({ config, edge: 'process' });
});
afterAll(() => platform?.[Symbol.asyncDispose]());

const CALLS = 60;
const media = { rtpPort: 29_998, codec: 'PCMU' } as const;

/** Calls that come in at 30 a second and are hung up by the caller, or are refused by the agent. */
async function load(refuse?: number): Promise<void> {
  const agent = { ...media, rings: true, ...(refuse === undefined ? {} : { refuse }) };
  await using callee = await startSipp({ scenario: agentScenario(agent), port, calls: CALLS });
  await using caller = await startSipp({
    scenario: callerScenario({ ...media, expect: refuse ?? 200, talkMs: 100 }),
    target: `${platform.env.sip.host}:${platform.env.sip.port}`,
    service: NUMBER,
    calls: CALLS,
    flags: ['-r', '30', '-l', String(CALLS), '-timeout', '50', '-recv_timeout', '20000'],
  });
  expect(await Promise.all([caller.ended, callee.ended])).toEqual([0, 0]);
}

/** What is left of the calls in the edge and in rtpengine. */
async function left() {
  const text = await platform.metrics();
  const gauge = (name: string) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
  return {
    calls: gauge('trunkline_calls_active'),
    dialogs: gauge('trunkline_sip_dialogs'),
    sessions: (await callsInRtpengine(platform.env.rtpengine.ng)).length,
    timers: gauge('nodejs_active_resources{[^}]*type="Timeout"[^}]*}'),
  };
}

test('load, drain, load again: no dialog, no rtpengine session and no timer is left', async () => {
  const drained = { timeout: 15_000, interval: 200 };
  const nothing = { calls: 0, dialogs: 0, sessions: 0 };
  await load();
  await platform.env.settled();
  await expect.poll(left, drained).toMatchObject(nothing);
  const { timers } = await left();
  await load();
  await load(486);
  await platform.env.settled();
  await expect.poll(left, drained).toMatchObject(nothing);
  // Timers of the edge itself come and go; 120 calls more would have left 120.
  await expect.poll(async () => (await left()).timers, drained).toBeLessThan(timers + 10);
});
