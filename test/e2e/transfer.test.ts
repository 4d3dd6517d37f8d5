import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { type EchoAgent, startAgent } from '../../local/phone/phones.ts';
import { NUMBER, type Platform, startPlatform } from './platform.ts';
import { type PeerCall, type ReferPeer, startReferPeer } from './refer-peer.ts';
import { callsInRtpengine } from './rtpengine-calls.ts';
import { sayOnBus } from './say-on-bus.ts';

/** None but the first: to a sipp that takes one call, a probe would be it. */
const probe = { everySeconds: 3600 };
const AWAY = '+15550177';
/** Hz: what each party says all the time. */
const HZ = { agent: 440, caller: 700, target: 1_100 } as const;

let platform: Platform;
let agent: ReferPeer;
let callers: ReferPeer;
let away = 0;

beforeAll(async () => {
  away = await freePort();
  agent = await startReferPeer(await freePort(), tone(HZ.agent, 1_000));
  callers = await startReferPeer(await freePort(), tone(HZ.caller, 1_000));
  platform = await startPlatform({
    config: {
      version: 1,
      trunks: {
        carrier: { sources: ['127.0.0.0/8'], endpoints: [{ host: '127.0.0.1', port: away }], probe },
      },
      numbers: { [NUMBER]: { agent: 'desk' } },
      routes: { all: { prefix: '+', from: ['carrier'], trunks: [{ trunk: 'carrier' }] } },
      agents: { desk: { targets: [{ uri: `sip:desk@127.0.0.1:${agent.port}` }] } },
    },
  });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  await agent?.[Symbol.asyncDispose]();
  await callers?.[Symbol.asyncDispose]();
});

/** A caller talks to the agent. */
async function aCall() {
  const [coming, answered] = [agent.next(), platform.next('media.started')];
  const caller = await callers.calls(NUMBER, platform.env.sip);
  const desk = await coming;
  const { callId } = await answered;
  return { caller, desk, callId };
}

const hears = async (who: Pick<PeerCall | EchoAgent, 'report'>, hz: number) => {
  const share = async () => toneShare((await who.report()).pcm.slice(-2_400), hz);
  await expect.poll(share, { timeout: 10_000 }).toBeGreaterThan(0.9);
};

const command = (callId: string, more: object) =>
  sayOnBus(platform.env, 'call.transfer', { version: 1, id: ulid(), type: 'call.transfer', callId, ...more });

/** No dialog of the edge is left, and no session at rtpengine. */
async function nothingIsLeft() {
  await platform.env.settled();
  const dialogs = async () => Number(/^\S*sip_dialogs\S* (\d+)$/m.exec(await platform.metrics())?.[1]);
  await expect.poll(dialogs, { timeout: 10_000 }).toBe(0);
  for (const { ng } of platform.env.rtpengines)
    await expect.poll(() => callsInRtpengine(ng), { timeout: 10_000 }).toEqual([]);
}

test('a REFER of the agent: the caller hears the third party and the third party the caller, who is sent no re-INVITE', async () => {
  await using target = await startAgent({ port: away, calls: 1, echo: false, says: tone(HZ.target, 1_000) });
  const { caller, desk, callId } = await aCall();
  await Promise.all([hears(caller, HZ.agent), hears(desk, HZ.caller)]);
  const transferred = platform.next('call.transferred');
  expect(await desk.refer(`<sip:${AWAY}@anywhere.example>`)).toBe(202);
  expect(await transferred).toMatchObject({ callId, kind: 'blind', by: 'b' });
  await desk.over;
  expect([desk.notified.at(0), desk.notified.at(-1)]).toEqual([
    'SIP/2.0 100 Trying active',
    'SIP/2.0 200 OK terminated',
  ]);
  await Promise.all([hears(caller, HZ.target), hears(target, HZ.caller)]);
  expect(caller.reinvited()).toBe(0);
  await caller.hangUp();
  expect(await target.ended).toBe(0);
  await nothingIsLeft();
  expect(await platform.env.state.call(callId)).toMatchObject({
    complete: true,
    ended: { reason: 'caller-hangup' },
  });
});

test('a target that is busy: the agent is told, and both talk on', async () => {
  await using target = await startAgent({ port: away, calls: 1, refuse: 486 });
  const { caller, desk } = await aCall();
  const failed = platform.next('call.transfer-failed');
  expect(await desk.refer(`<sip:${AWAY}@anywhere.example>`)).toBe(202);
  expect(await failed).toMatchObject({ sipStatus: 486, failedBy: 'target' });
  expect(await target.ended).toBe(0);
  await expect.poll(() => desk.notified.at(-1)).toBe('SIP/2.0 486 Busy Here terminated');
  const before = (await caller.report()).received;
  await expect.poll(async () => (await caller.report()).received).toBeGreaterThan(before + 20);
  await Promise.all([hears(caller, HZ.agent), hears(desk, HZ.caller)]);
  await caller.hangUp();
  await nothingIsLeft();
});

test('a caller that hangs up while the target rings: the target is cancelled, and the agent is told', async () => {
  await using target = await startAgent({ port: away, calls: 1, silent: true });
  const { caller, desk, callId } = await aCall();
  expect(await desk.refer(`<sip:${AWAY}@anywhere.example>`)).toBe(202);
  await expect.poll(() => desk.notified, { timeout: 10_000 }).toContain('SIP/2.0 180 Ringing active');
  const ended = platform.next('call.ended', (event) => event.callId === callId);
  await caller.hangUp();
  expect(await ended).toMatchObject({ reason: 'caller-hangup' });
  expect(await target.ended).toBe(0);
  await desk.over;
  await nothingIsLeft();
});

test('a caller whom the agent has on hold is heard again once the target has answered', async () => {
  await using target = await startAgent({ port: away, calls: 1, echo: false, says: tone(HZ.target, 1_000) });
  const { caller, desk } = await aCall();
  const held = platform.next('call.held');
  await desk.hold();
  await held;
  const transferred = platform.next('call.transferred');
  expect(await desk.refer(`<sip:${AWAY}@anywhere.example>`)).toBe(202);
  await transferred;
  await Promise.all([hears(caller, HZ.target), hears(target, HZ.caller)]);
  expect(caller.reinvited()).toBe(2);
  await caller.hangUp();
  expect(await target.ended).toBe(0);
  await nothingIsLeft();
});

test('an attended REFER joins two calls of the edge: both callers hear each other', async () => {
  const first = await aCall();
  const [coming, answered] = [agent.next(), platform.next('media.started')];
  const other = await startReferPeer(await freePort(), tone(HZ.target, 1_000));
  try {
    const second = await other.calls(NUMBER, platform.env.sip);
    const desk = await coming;
    await answered;
    const { callId, localTag, remoteTag } = desk.dialog.sip;
    const replaces = encodeURIComponent(`${callId};to-tag=${remoteTag};from-tag=${localTag}`);
    expect(await first.desk.refer(`<sip:x@edge?Replaces=${replaces}>`)).toBe(202);
    await Promise.all([first.desk.over, desk.over]);
    await Promise.all([hears(first.caller, HZ.target), hears(second, HZ.caller)]);
    expect([first.caller.reinvited(), second.reinvited()]).toEqual([0, 1]);
    await second.hangUp();
    await first.caller.over;
    await nothingIsLeft();
  } finally {
    await other[Symbol.asyncDispose]();
  }
});

test('call.transfer of the other side: the agent hears who came in the place of the caller', async () => {
  await using target = await startAgent({ port: away, calls: 1, echo: false, says: tone(HZ.target, 1_000) });
  const { caller, desk, callId } = await aCall();
  const transferred = platform.next('call.transferred');
  await command(callId, { to: { number: AWAY }, leg: 'b' });
  await transferred;
  await caller.over;
  await Promise.all([hears(desk, HZ.target), hears(target, HZ.agent)]);
  await desk.hangUp();
  expect(await target.ended).toBe(0);
  await nothingIsLeft();
});

test('call.transfer by REFER: the carrier calls by itself, and both sides are hung up', async () => {
  const { caller, desk, callId } = await aCall();
  const ended = platform.next('call.ended', (event) => event.callId === callId);
  await command(callId, { to: { number: AWAY }, kind: 'refer' });
  expect(await ended).toMatchObject({ reason: 'transferred' });
  await Promise.all([caller.over, desk.over]);
  expect(caller.referred).toEqual([expect.stringMatching(/^<sip:\+15550177@127\.0\.0\.1/)]);
  await nothingIsLeft();
});
