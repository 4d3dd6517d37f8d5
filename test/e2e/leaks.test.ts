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

const CALLS = 40;
const media = { rtpPort: 29_998, codec: 'PCMU' } as const;
const nothing = { calls: 0, dialogs: 0, sessions: 0 };

/**
 * Calls that come in at 20 a second and are hung up by the caller, or are refused by the agent; then the edge drains. One that
 * a busy machine makes fail is as good as any other: it must leave nothing behind either.
 */
async function loadAndDrain(refuse?: number): Promise<void> {
  const agent = { ...media, rings: true, ...(refuse === undefined ? {} : { refuse }) };
  await using _callee = await startSipp({ scenario: agentScenario(agent), port });
  await using caller = await startSipp({
    scenario: callerScenario({ ...media, expect: refuse ?? 200, talkMs: 100 }),
    target: `${platform.env.sip.host}:${platform.env.sip.port}`,
    service: NUMBER,
    calls: CALLS,
    flags: ['-r', '20', '-l', String(CALLS), '-timeout', '20', '-recv_timeout', '10000'],
  });
  await caller.ended;
  await platform.env.settled();
  await expect.poll(left, { timeout: 45_000, interval: 200 }).toMatchObject(nothing);
}

/** What is left of the calls in the edge and in rtpengine. */
async function left() {
  const text = await platform.metrics();
  const gauge = (name: string) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
  const ends = [...text.matchAll(/^trunkline_calls_ended_total{[^}]*} (\d+)/gm)];
  return {
    ended: ends.reduce((sum, [, count]) => sum + Number(count), 0),
    calls: gauge('trunkline_calls_active'),
    dialogs: gauge('trunkline_sip_dialogs'),
    sessions: (await callsInRtpengine(platform.env.rtpengine.ng)).length,
    timers: gauge('nodejs_active_resources{[^}]*type="Timeout"[^}]*}'),
  };
}

test('load, drain, load again: no dialog, no rtpengine session and no timer is left', {
  timeout: 240_000,
}, async () => {
  await loadAndDrain();
  const { timers, ended } = await left();
  expect(ended).toBeGreaterThan(CALLS / 2);
  await loadAndDrain();
  await loadAndDrain(486);
  expect((await left()).ended).toBeGreaterThan(2 * ended - CALLS / 2);
  // Timers of the edge itself come and go; a timer of each of these calls would be 80 more.
  const patience = { timeout: 30_000, interval: 200 };
  await expect.poll(async () => (await left()).timers, patience).toBeLessThan(timers + 20);
});
