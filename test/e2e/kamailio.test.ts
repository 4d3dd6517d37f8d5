import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventLine } from '../../bin/cli/event-line.ts';
import type { RoutingConfigInput, SecretRef } from '../../contracts/config.ts';
import type { TrunklineEvent } from '../../contracts/events.ts';
import { freePort } from '../../local/free-ports.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { type Carrier, startCarrier } from '../../local/phone/carrier.ts';
import { type EchoAgent, placeCall, startAgent } from '../../local/phone/phones.ts';
import { type Kamailio, startKamailio } from './kamailio.ts';
import { NUMBER, type Platform, startPlatform, storyOf } from './platform.ts';

const right = 'right-4711';
const wrong = 'wrong-4712';
const incoming = 'incoming-4713';
const probe = { everySeconds: 1, timeoutSeconds: 1, down: 2, of: 3, up: 2 };
/** Our own callers; Kamailio has addresses of its own. */
const OFFICE = '127.0.0.9';

let callee: Carrier;
let agent: EchoAgent;
const carriers: Kamailio[] = [];
let platform: Platform;
const logged: string[] = [];

const trunkTo = ({ sip }: Kamailio, password: SecretRef, asks: object = {}) => ({
  endpoints: [{ host: sip.host, port: sip.port }],
  authentication: { out: { username: 'us', password }, ...asks },
  probe,
});

/** Known by its address, and asked for a digest as well. Kamailio 5.6 knows MD5 alone here, and reads one challenge. */
const asks = {
  in: {
    ...{ username: 'kamailio', realm: 'edge.example', password: { secret: 'trunkline/in' } },
    algorithms: ['MD5' as const],
  },
};
const registered = ({ sip }: Kamailio) => ({ registration: {}, sources: [`${sip.host}/32`] });

const config = (md5: Kamailio, sha: Kamailio): RoutingConfigInput => ({
  version: 1,
  trunks: {
    office: { sources: [`${OFFICE}/32`] },
    md5: { ...trunkTo(md5, { secret: 'trunkline/md5' }), ...registered(md5) },
    sha: { ...trunkTo(sha, { secret: 'trunkline/sha', field: 'password' }, asks), ...registered(sha) },
    wrong: { ...trunkTo(sha, { secret: 'trunkline/wrong' }), registration: {} },
    missing: trunkTo(sha, { secret: 'trunkline/missing' }),
  },
  numbers: { [NUMBER]: { agent: 'echo' } },
  agents: { echo: { targets: [{ uri: agent.uri }] } },
  routes: Object.fromEntries(
    ['md5', 'sha', 'wrong', 'missing'].map((trunk, index) => [
      trunk,
      { prefix: `+1${index}`, from: ['office'], trunks: [{ trunk }] },
    ]),
  ),
});

beforeAll(async () => {
  callee = await startCarrier(await freePort());
  agent = await startAgent();
  const common = {
    realm: 'carrier.example',
    password: right,
    callee: { host: '127.0.0.1', port: callee.port },
  };
  const ours = { ...common, number: NUMBER, user: 'us' };
  carriers.push(
    await startKamailio({ ...ours, host: '127.0.0.2', algorithm: 'MD5' }),
    await startKamailio({
      ...{ ...ours, host: '127.0.0.3', algorithm: 'SHA-256' },
      answers: { realm: 'edge.example', password: incoming },
    }),
  );
  const [md5, sha] = carriers;
  if (!md5 || !sha) throw new Error('no carriers');
  platform = await startPlatform({
    config: config(md5, sha),
    secrets: {
      ...{ 'trunkline/md5': right, 'trunkline/wrong': wrong, 'trunkline/in': incoming },
      'trunkline/sha': JSON.stringify({ username: 'us', password: right }),
    },
    logger: pino({ level: 'trace' }, { write: (line: string) => logged.push(line) }),
  });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  for (const carrier of carriers) await carrier[Symbol.asyncDispose]();
  await agent?.[Symbol.asyncDispose]();
  await callee?.[Symbol.asyncDispose]();
});

const trunks = async () => {
  const { host, port } = platform.env.edge.http;
  return (await fetch(`http://${host}:${port}/trunks`)).json() as Promise<{
    trunks: { trunk: string; registrations: object[] }[];
  }>;
};

const registrationOf = async (trunk: string) =>
  (await trunks()).trunks.find((each) => each.trunk === trunk)?.registrations[0];

test.each([
  ['MD5', '+10', 'md5'],
  ['SHA-256', '+11', 'sha'],
])('a carrier that asks for a digest with %s is called, and hears us', async (_algorithm, prefix, trunk) => {
  const to = `${prefix}125550123`;
  const audio = tone(700, 1_000);
  const { carrier, record, events } = await platform.place({ source: OFFICE, to, audio, talkMs: 1_000 });
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(toneShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
  expect(callee.called.at(-1)).toBe(to);
  expect(record).toMatchObject({
    ended: { reason: 'caller-hangup' },
    routed: { targets: [{ id: `${trunk}-1` }] },
  });
  expect(storyOf(events)).toEqual(['call.received', 'call.routed', 'call.answered', 'call.ended']);
});

test.each([
  [
    'does not accept our password',
    '+12',
    'challenged with 407: realm "carrier.example" does not accept user "us"',
  ],
  [
    'asks for a password that is missing',
    '+13',
    'challenged with 407: trunks.missing.authentication.out.password: secret "trunkline/missing" cannot be read: ResourceNotFoundException',
  ],
])('a call to a carrier that %s fails and says why', async (_why, prefix, detail) => {
  const call = { source: OFFICE, to: `${prefix}125550123`, script: { expect: 500 } };
  const { carrier, record } = await platform.place(call);
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(record.ended).toMatchObject({
    ...{ reason: 'target-refused-credentials', blame: 'platform' },
    detail: expect.stringContaining(detail),
  });
});

test.each([0, 1])(
  'carrier %i sends calls to where we registered, for the number in their To',
  async (index) => {
    const trunk = ['md5', 'sha'][index] ?? '';
    await expect
      .poll(() => registrationOf(trunk))
      .toMatchObject({ registered: true, user: 'us', failure: null });
    const via = carriers[index]?.sip ?? { host: '', port: 0 };
    const ended = platform.next('call.ended');
    const report = await placeCall({ via, to: NUMBER, source: OFFICE, talkMs: 500 });
    expect(report).toMatchObject({ ok: true, errors: '' });
    const { callId } = await ended;
    await platform.env.settled();
    const [received] = platform.said(callId ?? '');
    expect(received).toMatchObject({ type: 'call.received', trunk, to: { number: NUMBER } });
  },
);

test('a registration that the carrier refuses is told by event, metrics and status', async () => {
  await expect
    .poll(() => registrationOf('wrong'))
    .toMatchObject({
      ...{ registered: false, expiresInSeconds: null },
      failure: 'challenged with 401: realm "carrier.example" does not accept user "us"',
    });
  await platform.env.settled();
  const said = platform.env.events('trunk.regist').map(({ detail }) => detail as TrunklineEvent);
  expect(said).toContainEqual(expect.objectContaining({ type: 'trunk.registered', trunk: 'sha' }));
  expect(said).toContainEqual(
    expect.objectContaining({ type: 'trunk.registration-failed', trunk: 'wrong', sipStatus: 401 }),
  );
  const metrics = await platform.metrics();
  expect(metrics).toContain('trunkline_trunk_registered{trunk="sha"} 1');
  expect(metrics).toContain('trunkline_trunk_registered{trunk="wrong"} 0');
  expect(metrics).toMatch(/trunkline_trunk_registration_failures_total\{trunk="wrong"\} [1-9]/);
});

test('no password is in anything that was said, logged, stored or shown', async () => {
  await platform.env.settled();
  const events = platform.env.events();
  const seen = [
    ...[JSON.stringify(events), await platform.metrics(), JSON.stringify(await trunks())],
    ...[
      JSON.stringify(await platform.env.calls()),
      ...platform.env.cloud.queues.flatMap((queue) => platform.env.cloud.queueMessages(queue)),
    ],
    ...logged,
    ...events.map(({ detail }) => eventLine(detail as TrunklineEvent)),
  ].join('\n');
  expect(seen).toContain('target-refused-credentials');
  expect(seen).toContain('could not register with a carrier');
  for (const secret of [right, wrong, incoming]) expect(seen).not.toContain(secret);
});

test('an edge that stops takes its registration back: the carrier has nobody to call', async () => {
  await platform.env.edge.stop();
  const via = carriers[1]?.sip ?? { host: '', port: 0 };
  const report = await placeCall({ via, to: NUMBER, source: OFFICE, script: { expect: 480 } });
  expect(report).toMatchObject({ ok: true, errors: '' });
});
