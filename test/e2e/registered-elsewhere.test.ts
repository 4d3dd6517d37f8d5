import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DevEnv } from '../../local/dev-env.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { type EchoAgent, placeCall, startAgent } from '../../local/phone/phones.ts';
import { type Baresip, startBaresip } from './baresip.ts';
import { type Platform, startPlatform } from './platform.ts';

const CARRIER = '127.0.0.9';
const NUMBER = '+15550101';
const logger = pino({ level: 'silent' });

let phone: Baresip;
let spare: EchoAgent;
let platform: Platform;
let owner: DevEnv['edges'][number];
let other: DevEnv['edges'][number];

/** Two edges; the phone has registered with the first, and the carrier calls the second. */
beforeAll(async () => {
  spare = await startAgent();
  platform = await startPlatform({
    ...{ edge: 'process', edges: 2 },
    secrets: { 'trunkline/alice': 'wonderland' },
    config: {
      version: 1,
      trunks: {
        carrier: { sources: [`${CARRIER}/32`] },
        office: {
          sources: ['127.0.0.1/32'],
          // This softphone knows no other.
          registrar: { realm: 'phones.example', algorithms: ['MD5'] },
          users: { alice: { password: { secret: 'trunkline/alice' } } },
        },
      },
      numbers: { [NUMBER]: { agent: 'alice' } },
      agents: {
        alice: {
          targets: [
            { user: 'alice', trunk: 'office', priority: 1 },
            { uri: spare.uri, priority: 2 },
          ],
        },
      },
    },
  });
  const [first, second] = platform.env.edges;
  if (!second) throw new Error('there is no second edge');
  [owner, other] = [first, second];
  const registered = platform.next('user.registered');
  const { host, port } = owner.sip;
  phone = await startBaresip({
    ...{ says: 500, aor: 'alice@phones.example', regint: 60 },
    account: `;auth_user=alice;auth_pass=wonderland;outbound="sip:${host}:${port};transport=tcp"`,
  });
  expect(await registered).toMatchObject({ edge: { id: owner.id }, source: { transport: 'tcp' } });
});
afterAll(async () => {
  await phone?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
  await spare?.[Symbol.asyncDispose]();
});

/** Events of the calls that one edge had meanwhile. */
const callAt = async ({ sip }: DevEnv['edges'][number]) => {
  const before = platform.env.events('call.').length;
  const audio = tone(700, 1_000);
  const carrier = await placeCall({
    ...{ source: CARRIER, to: NUMBER, audio, talkMs: 2_000 },
    ...{ via: sip, logger },
  });
  await platform.env.settled();
  const events = platform.env
    .events('call.')
    .slice(before)
    .map(({ detail }) => detail as { type: string; callId: string; edge: { id: string } });
  return { carrier, events };
};

test('a call that comes to another edge rings the phone through the edge it registered with', async () => {
  await expect.poll(() => platform.env.state.registrations()).toMatchObject([{ name: 'alice' }]);
  const { carrier, events } = await callAt(other);
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(toneShare(carrier.rtp.pcm, 500)).toBeGreaterThan(0.9);
  expect(toneShare(await phone.heard(), 700)).toBeGreaterThan(0.5);
  const [first, second] = events.filter(({ type }) => type === 'call.received');
  expect(first).toMatchObject({ edge: { id: other.id }, trunk: 'carrier' });
  expect(second).toMatchObject({ edge: { id: owner.id }, trunk: 'office', continues: first?.callId });
  for (const callId of [first?.callId, second?.callId])
    expect(await platform.env.state.call(callId ?? '')).toMatchObject({
      ...{ complete: true, missing: [] },
      ended: { reason: 'caller-hangup', by: 'edge' },
    });
  // Nothing was left to decide for the second.
  expect(events.filter(({ type }) => type === 'call.routed')).toMatchObject([
    { source: 'live' },
    { source: 'handover' },
  ]);
});

test('when that edge is killed, the call goes to the next target of the agent', async () => {
  await owner.edge.kill9();
  const { carrier, events } = await callAt(other);
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(toneShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
  expect(events.find(({ type }) => type === 'call.attempt-failed')).toMatchObject({ tryingNext: true });
  expect(events.find(({ type }) => type === 'call.answered')).toMatchObject({ target: 'alice-2' });
});
