import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TrunklineEvent } from '../../contracts/events.ts';
import { freePort } from '../../local/free-ports.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { callerScenario } from '../../local/phone/scenario.ts';
import { startSipp } from '../../local/phone/sipp.ts';
import { NUMBER, type Platform, routeTo, startPlatform } from './platform.ts';

let platform: Platform;
let port: number;

beforeAll(async () => {
  port = await freePort();
  const config = routeTo([`sip:agent@127.0.0.1:${port}`]);
  const edgeSettings = { TRUNKLINE_DECISION_MS: 300 };
  platform = await startPlatform({ config, edge: 'process', edgeSettings });
});
afterAll(() => platform?.[Symbol.asyncDispose]());

/** Thirty calls, ten a second, that note their Call-ID once they are answered. */
const startLoad = async () => {
  const script = { expect: 200, codec: 'PCMU', talkMs: 1_500, rtpPort: await freePort() } as const;
  const scenario = callerScenario(script).replace('ANSWERED [$port]', 'ANSWERED [call_id]');
  const { host, port: sip } = platform.env.sip;
  const flags = ['-r', '10', '-l', '30'];
  return startSipp({ scenario, target: `${host}:${sip}`, service: NUMBER, calls: 30, flags });
};

const answersSaid = async () =>
  Number(/^trunkline_events_total\{type="call.answered"\} (\d+)$/m.exec(await platform.metrics())?.[1] ?? 0);

const eventsByCall = () => {
  const calls = new Map<string, TrunklineEvent[]>();
  for (const { detail } of platform.env.events()) {
    const event = detail as TrunklineEvent;
    if (!('callId' in event) || event.callId === undefined) continue;
    calls.set(event.callId, [...(calls.get(event.callId) ?? []), event]);
  }
  return calls;
};

test('an edge that is killed in the middle of calls loses no event, and its calls are ended by the reaper', async () => {
  const { env, next } = platform;
  await using _ = await startAgent({ port });
  await using load = await startLoad();
  let answered = 0;
  const { edge } = await next('call.answered', () => {
    answered += 1;
    return answered === 8;
  });
  // From here on what the edge says is in its journal only.
  env.cloud.faults.eventBridgeDown = true;
  const answers = async () => (await load.notes()).filter((note) => note.startsWith('ANSWERED'));
  await expect.poll(async () => (await answers()).length).toBeGreaterThanOrEqual(14);
  const onTheBus = env.events().length;
  const sawAnswer = (await answers()).map((note) => note.split(' ')[1]);
  // The caller has its 200 a moment before the edge has the ACK and says so.
  await expect.poll(answersSaid).toBeGreaterThanOrEqual(sawAnswer.length);
  await env.edge.kill9();
  await load[Symbol.asyncDispose]();
  env.cloud.faults.eventBridgeDown = false;
  await env.restartEdge();
  await env.settled();
  expect(env.events().length).toBeGreaterThan(onTheBus + 6);

  // What the control plane says of a call has no number.
  const calls = [...eventsByCall().values()].map((events) => events.filter((event) => 'seq' in event));
  expect(calls.length).toBeGreaterThanOrEqual(14);
  for (const events of calls) {
    const numbers = new Set(events.map((event) => ('seq' in event ? event.seq : undefined)));
    expect([...numbers].toSorted((a, b) => Number(a) - Number(b))).toEqual([...Array(numbers.size).keys()]);
  }
  const told = calls
    .filter((events) => events.some(({ type }) => type === 'call.answered'))
    .map((events) => events.find((event) => event.type === 'call.received')?.sipCallId);
  expect(sawAnswer.length).toBeGreaterThanOrEqual(14);
  expect(told).toEqual(expect.arrayContaining(sawAnswer));

  // Its start woke the reaper, which may have been faster than the journal's last events: the next run finds their calls.
  env.cloud.fire('ReapCalls');
  await env.settled();
  const states = await env.calls();
  expect(states.filter(({ phase }) => phase !== 'ended')).toEqual([]);
  const reaped = states.filter(({ ended }) => ended?.by === 'reaper');
  expect(reaped.length).toBeGreaterThan(0);
  for (const state of reaped) {
    expect(state).toMatchObject({ edge: { epoch: edge.epoch }, ended: { reason: 'edge-lost' } });
  }
});

test('the edge that came back takes calls under a new epoch', async () => {
  await using _ = await startAgent({ port });
  const { carrier, record } = await platform.place({ to: NUMBER, talkMs: 300 });
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup', by: 'edge' } });
});
