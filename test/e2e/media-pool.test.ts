import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EventOf, EventType, TrunklineEvent } from '../../contracts/events.ts';
import { freePort } from '../../local/free-ports.ts';
import { agentScenario } from '../../local/phone/agent-scenario.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { callerScenario } from '../../local/phone/scenario.ts';
import { type Sipp, startSipp } from '../../local/phone/sipp.ts';
import type { Rtpengine } from '../../local/rtpengine/start-rtpengine.ts';
import { NUMBER, type Platform, routeTo, startPlatform } from './platform.ts';
import { callsInRtpengine } from './rtpengine-calls.ts';
import { sayOnBus } from './say-on-bus.ts';

let platform: Platform;
let port: number;

beforeAll(async () => {
  port = await freePort();
  const config = routeTo([`sip:agent@127.0.0.1:${port}`]);
  platform = await startPlatform({ config, rtpengines: 3, edge: 'process' });
});
afterAll(() => platform?.[Symbol.asyncDispose]());

const engineOf = (index: number): Rtpengine => {
  const engine = platform.env.rtpengines[index];
  if (!engine) throw new Error(`there is no rtpengine ${index}`);
  return engine;
};
const nameOf = ({ ng }: Rtpengine) => `${ng.host}:${ng.port}`;

/** A gauge or counter of /metrics. */
const metric = async (line: string) =>
  Number(
    (await platform.metrics())
      .split('\n')
      .find((each) => each.startsWith(`${line} `))
      ?.slice(line.length) ?? 0,
  );
const isUp = (engine: Rtpengine) => metric(`trunkline_rtpengine_up{engine="${nameOf(engine)}"}`);

const order = async (engine: Rtpengine, what: 'drain' | 'undrain') => {
  const { host, port: http } = platform.env.edge.http;
  const answer = await fetch(`http://${host}:${http}/media/${nameOf(engine)}/${what}`, { method: 'POST' });
  return { status: answer.status, ...((await answer.json()) as object) };
};

/** Notes the Call-ID of each call that is to begin, and of each that the other side has hung up. */
const noting = (scenario: string) =>
  scenario
    .replace('INVITED [$port]', 'INVITED [$port] [call_id]')
    .replace(
      '<recv request="BYE"/>',
      '<recv request="BYE"><action><log message="BYE [call_id]"/></action></recv>',
    );
const notesOf = async (sipp: Sipp, word: string) =>
  (await sipp.notes()).filter((note) => note.startsWith(word)).map((note) => note.split(' ').at(-1) ?? '');

/** An agent that answers every call. */
const startNotingAgent = async () =>
  startSipp({
    scenario: noting(agentScenario({ rings: true, codec: 'PCMU', rtpPort: await freePort() })),
    port,
  });

/** Calls of a carrier, ten a second: of `talkMs` each, or until they are hung up. */
async function startCalls(calls: number, talkMs?: number): Promise<Sipp> {
  const script = { expect: 200, codec: 'PCMU', talkMs, rtpPort: await freePort() } as const;
  const { host, port: sip } = platform.env.sip;
  return startSipp({
    ...{ scenario: noting(callerScenario(script)), target: `${host}:${sip}`, service: NUMBER, calls },
    flags: ['-r', '10', '-l', String(calls)],
  });
}

const said = <T extends EventType>(type: T) =>
  platform.env
    .events()
    .map(({ detail }) => detail as TrunklineEvent)
    .filter((event): event is EventOf<T> => event.type === type);

/** So many calls that stay up, and their ids. */
async function startLongCalls(count: number) {
  const before = new Set(said('call.answered').map(({ callId }) => callId));
  const sipp = await startCalls(count);
  const ids = () =>
    said('call.answered')
      .map(({ callId }) => callId)
      .filter((callId) => !before.has(callId));
  let over: string | undefined;
  void sipp.ended.then(async () => {
    over = await sipp.errors();
  });
  await expect.poll(() => over ?? ids().length).toBe(count);
  return { sipp, ids: ids() };
}

async function hangUp(callIds: readonly string[]) {
  for (const callId of callIds) {
    const command = { version: 1, id: ulid(), type: 'call.hangup', callId, reason: 'done' };
    await sayOnBus(platform.env, 'call.hangup', command);
  }
}

/** How many calls each rtpengine holds, as it says itself. */
const spread = () =>
  Promise.all(platform.env.rtpengines.map(async ({ ng }) => (await callsInRtpengine(ng)).length));

const expectNothingLeft = async () => {
  await platform.env.settled();
  await expect.poll(spread).toEqual([0, 0, 0]);
  for (const engine of platform.env.rtpengines) {
    expect(await metric(`trunkline_rtpengine_sessions{engine="${nameOf(engine)}"}`)).toBe(0);
  }
};

test('new calls spread over the rtpengines', async () => {
  await using _ = await startAgent({ port });
  const { sipp, ids } = await startLongCalls(9);
  expect(await spread()).toEqual([3, 3, 3]);
  await hangUp(ids);
  expect(await sipp.ended).toBe(0);
  await sipp[Symbol.asyncDispose]();
  await expectNothingLeft();
});

test('a call on an rtpengine that drains goes on, and new calls avoid it until it is taken back', async () => {
  await using _ = await startAgent({ port });
  const answered = platform.next('call.answered');
  const audio = tone(700, 1_000);
  const running = platform.env.call({ to: NUMBER, audio, talkMs: 'until hung up' });
  const { callId } = await answered;
  const found = await Promise.all(platform.env.rtpengines.map(async ({ ng }) => callsInRtpengine(ng)));
  const at = found.findIndex((calls) => calls.includes(callId));
  const drained = engineOf(at);

  expect(await order(drained, 'drain')).toMatchObject({
    status: 200,
    state: 'up',
    draining: true,
    sessions: 1,
  });
  expect(await metric(`trunkline_rtpengine_draining{engine="${nameOf(drained)}"}`)).toBe(1);
  const others = await startLongCalls(6);
  expect(await spread()).toEqual([0, 1, 2].map((index) => (index === at ? 1 : 3)));
  expect(await callsInRtpengine(drained.ng)).toEqual([callId]);
  await hangUp([callId]);
  const { ok, errors, rtp } = await running;
  expect({ ok, errors }).toEqual({ ok: true, errors: '' });
  expect(toneShare(rtp.pcm, 700)).toBeGreaterThan(0.9);

  await expect.poll(() => metric(`trunkline_rtpengine_sessions{engine="${nameOf(drained)}"}`)).toBe(0);
  expect(await order(drained, 'undrain')).toMatchObject({ status: 200, draining: false, sessions: 0 });
  const back = await startLongCalls(3);
  expect(await spread()).toEqual([3, 3, 3]);
  await hangUp([...others.ids, ...back.ids]);
  for (const { sipp } of [others, back]) {
    expect(await sipp.ended).toBe(0);
    await sipp[Symbol.asyncDispose]();
  }
  await expectNothingLeft();
});

/** Strikes an rtpengine in the middle of calls: six long ones, two on each, and short ones, ten a second. */
async function strikeUnderLoad(struck: Rtpengine, strike: () => unknown) {
  const long = await startLongCalls(6);
  const there = await callsInRtpengine(struck.ng);
  const before = said('call.ended').length;
  const ended = () => said('call.ended').slice(before);
  const endedThere = () => ended().filter(({ callId }) => callId && there.includes(callId));
  await using load = await startCalls(60, 400);
  await expect.poll(() => ended().length).toBeGreaterThan(10);
  await strike();
  const struckAt = Date.now();

  // Those on it are ended, by name, on both sides.
  await expect.poll(() => endedThere().length).toBe(2);
  for (const event of endedThere()) {
    const detail = `rtpengine at ${nameOf(struck)} stopped to answer`;
    expect(event).toMatchObject({ reason: 'media-engine-lost', blame: 'platform', media: null, detail });
  }
  await expect.poll(async () => new Set(await notesOf(long.sipp, 'BYE')).size).toBe(2);
  expect(await isUp(struck)).toBe(0);

  // No call that came later is lost, not even before the rtpengine was known to be dead.
  await load.ended;
  await platform.env.settled();
  const late = said('call.received').filter(({ time }) => Date.parse(time) > struckAt);
  const outcomes = late.map(({ callId }) => ended().find((event) => event.callId === callId)?.reason);
  expect(late.length).toBeGreaterThan(10);
  expect(new Set(outcomes)).toEqual(new Set(['caller-hangup']));
  for (const callId of there) expect(await platform.env.state.call(callId)).toMatchObject({ complete: true });
  return { sipp: long.sipp, running: long.ids.filter((callId) => !there.includes(callId)) };
}

/** It takes calls again, and in the end nobody holds one. */
async function expectBackInUse(
  struck: Rtpengine,
  agent: Sipp,
  long: { sipp: Sipp; running: readonly string[] },
) {
  await expect.poll(() => isUp(struck)).toBe(1);
  await expect.poll(() => callsInRtpengine(struck.ng)).toEqual([]);
  const back = await startLongCalls(2);
  expect((await callsInRtpengine(struck.ng)).toSorted()).toEqual(back.ids.toSorted());
  await hangUp([...long.running, ...back.ids]);
  for (const sipp of [long.sipp, back.sipp]) {
    expect(await sipp.ended).toBe(0);
    await sipp[Symbol.asyncDispose]();
  }
  await expectNothingLeft();
  const [invited, hungUp] = [await notesOf(agent, 'INVITED'), await notesOf(agent, 'BYE')];
  expect(new Set(hungUp)).toEqual(new Set(invited));
}

test('an rtpengine that is killed costs no new call, and is used again when it is back', async () => {
  await using agent = await startNotingAgent();
  const killed = engineOf(1);
  const long = await strikeUnderLoad(killed, () => killed.kill());
  await killed.restart();
  await expectBackInUse(killed, agent, long);
});

test('an rtpengine that hangs costs no new call, and holds nothing of them when it goes on', async () => {
  await using agent = await startNotingAgent();
  const hanging = engineOf(2);
  // Of calls: which of their commands meets the rtpengine that hangs is chance.
  const timeouts = async () =>
    [
      ...(await platform.metrics()).matchAll(
        /^trunkline_rtpengine_request_seconds_count\{command="(?!ping)\w+",outcome="timeout"\} (\d+)$/gm,
      ),
    ].reduce((sum, [, count]) => sum + Number(count), 0);
  const before = await timeouts();
  try {
    const long = await strikeUnderLoad(hanging, () => process.kill(hanging.pid, 'SIGSTOP'));
    expect(await timeouts()).toBeGreaterThan(before);
    process.kill(hanging.pid, 'SIGCONT');
    await expectBackInUse(hanging, agent, long);
  } finally {
    process.kill(hanging.pid, 'SIGCONT');
  }
});

test('a call that rings while its rtpengine is started anew is refused with 503 and cancelled at the agent', async () => {
  await using agent = await startAgent({ port, silent: true, calls: 1 });
  const ringing = platform.next('call.ringing');
  const placed = platform.place({ to: NUMBER, script: { expect: 503 } });
  const { callId } = await ringing;
  const found = await Promise.all(platform.env.rtpengines.map(async ({ ng }) => callsInRtpengine(ng)));
  const anew = engineOf(found.findIndex((calls) => calls.includes(callId)));
  await anew.kill();
  await anew.restart();
  const { carrier, record } = await placed;
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(await agent.ended).toBe(0);
  const detail = `rtpengine at ${nameOf(anew)} was started anew`;
  expect(record).toMatchObject({
    complete: true,
    ended: { reason: 'media-engine-lost', blame: 'platform', sipStatus: 503, detail },
  });
  await expect.poll(() => isUp(anew)).toBe(1);
  await expectNothingLeft();
});
