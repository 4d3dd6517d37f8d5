import { describe, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../../contracts/config.ts';
import { encryptionOf } from '../../../core/media-encryption.ts';
import { DigestClient } from '../../../edge-node/signaling/auth/answer-challenge.ts';
import type { IncomingRegister, ResponseHeaders } from '../../../edge-node/signaling/sip.ts';
import { attemptFor, attemptsFor } from '../../../edge-node/signaling/trunks/attempts.ts';
import { FleetTables } from './fleet-tables.ts';
import { FakeInvite, type Stage, stage } from './stage.ts';

const office = {
  registrar: { realm: 'phones.example' },
  users: { alice: { password: { env: 'ALICE' } }, bob: { password: { env: 'BOB' } } },
};
const config = {
  version: 1,
  trunks: { carrier: { sources: ['192.0.2.0/24'] }, office },
  numbers: { '+15550100': { agent: 'desk' } },
  agents: {
    desk: {
      targets: [
        { user: 'alice', trunk: 'office', priority: 1 },
        { uri: 'sip:spare@198.51.100.2', priority: 2 },
      ],
    },
  },
} satisfies RoutingConfigInput;

const secrets = { 'environment variable ALICE': 'wonderland', 'environment variable BOB': 'builder' };

/** Users are called where they are registered, everybody else where the URI says. */
type StageOptions = NonNullable<Parameters<typeof stage>[0]>;

const trunks: StageOptions['trunks'] = ({ trunks, bindings, elsewhere }) => ({
  ...trunks,
  attempts: (targets, seed) =>
    attemptsFor(targets, seed, {
      finder: { find: async (uri) => [{ server: uri, nextHop: undefined }] },
      book: { begin: () => ({ heard: () => {}, leftOff: () => {} }) },
      standing: () => 'up',
      encryption: (target) => encryptionOf(target, {}),
      ...{ bindings, elsewhere },
    }),
  attemptAt: (target, binding) =>
    attemptFor(target, binding, { encryption: (each) => encryptionOf(each, {}) }),
});

const phones = (more: Pick<StageOptions, 'edgeId' | 'fleet'> = {}) =>
  stage({ config, secrets, trunks, ...more });

const flow = { address: '203.0.113.30', port: 5062, transport: 'udp' };
const contact = '<sip:alice@10.0.0.7:5062>';

interface Asked {
  readonly user?: string;
  readonly password?: string;
  readonly addressed?: string;
  readonly contact?: string | undefined;
  readonly expires?: string;
  readonly sipCallId?: string;
  readonly cseq?: number;
  readonly source?: IncomingRegister['source'];
}

interface Answered {
  readonly status: number;
  readonly headers: ResponseHeaders;
}

let cseq = 0;

function send(on: Stage, asked: Asked, authorization?: string): Promise<Answered> {
  const { user = 'alice', source = flow, sipCallId = 'phone@10.0.0.7' } = asked;
  const aor = `sip:${asked.addressed ?? user}@phones.example`;
  cseq += 1;
  return new Promise((resolve) =>
    on.register({
      ...{ uri: 'sip:phones.example', sipCallId, cseq: asked.cseq ?? cseq, authorization, source },
      addressed: { uri: aor, number: asked.addressed ?? user },
      contact: 'contact' in asked ? asked.contact : contact,
      expires: asked.expires,
      answer: (status, headers = {}) => resolve({ status, headers }),
    }),
  );
}

/** As a phone does: without credentials, and again with them. */
async function register(on: Stage, asked: Asked = {}): Promise<Answered> {
  const { user = 'alice', password = 'wonderland' } = asked;
  const challenged = await send(on, asked);
  if (challenged.status !== 401) return challenged;
  const challenges = String(challenged.headers['WWW-Authenticate']);
  const answer = new DigestClient({ username: user, password })
    .begin({ method: 'REGISTER', uri: 'sip:phones.example' })
    .answer({ status: 401, get: () => challenges });
  return send(on, asked, answer.ok ? answer.headers['Authorization'] : undefined);
}

const said = ({ events }: Stage) =>
  events.filter(({ type }) => type.startsWith('user.')).map(({ type }) => type.slice(5));

describe('a phone', () => {
  test('registers with its password, and is told where it is registered and for how long', async () => {
    const on = phones();
    expect(await register(on, { expires: '600' })).toEqual({
      status: 200,
      headers: { Contact: ['<sip:alice@10.0.0.7:5062>;expires=600'] },
    });
    expect(on.event('user.registered')).toMatchObject({
      ...{ trunk: 'office', user: 'alice', contact: 'sip:alice@10.0.0.7:5062' },
      ...{ source: flow, expiresSeconds: 600 },
    });
    expect(on.bindings.gauges()).toEqual([{ trunk: 'office', bindings: 1 }]);
  });

  test('with a wrong password and one with a name that nobody has hear the same', async () => {
    const on = phones();
    const wrong = await register(on, { password: 'guessed' });
    const nobody = await register(on, { user: 'mallory', password: 'guessed' });
    const shape = ({ status, headers }: Answered) => [
      status,
      String(headers['WWW-Authenticate']).replace(/nonce="[^"]*"/g, ''),
    ];
    expect(shape(nobody)).toEqual(shape(wrong));
    expect(wrong.status).toBe(401);
    expect(on.bindings.gauges()).toEqual([{ trunk: 'office', bindings: 0 }]);
  });

  test('registers nobody else', async () => {
    const on = phones();
    expect(await register(on, { addressed: 'bob' })).toMatchObject({ status: 403 });
  });

  test('that asks for less than is granted hears how much it must ask for', async () => {
    const on = phones();
    expect(await register(on, { expires: '59' })).toEqual({ status: 423, headers: { 'Min-Expires': '60' } });
    expect(await register(on, { contact: `${contact};expires=90000` })).toMatchObject({
      headers: { Contact: ['<sip:alice@10.0.0.7:5062>;expires=3600'] },
    });
  });

  test('refreshes without a word on the bus, and is gone when it does not', async () => {
    const on = phones();
    await register(on, { expires: '60' });
    on.clock.pass(50_000);
    await register(on, { expires: '60' });
    on.clock.pass(50_000);
    expect(said(on)).toEqual(['registered']);
    on.clock.pass(10_000);
    expect(said(on)).toEqual(['registered', 'unregistered']);
    expect(on.event('user.unregistered')).toMatchObject({ reason: 'expired' });
  });

  test('asks what is registered without changing it, several contacts too', async () => {
    const on = phones();
    await register(on, { contact: `${contact};q=0.5, "A, B" <sip:alice@mobile.example;transport=tcp>` });
    on.clock.pass(100_000);
    expect(await register(on, { contact: undefined })).toMatchObject({
      headers: {
        Contact: [
          '<sip:alice@10.0.0.7:5062>;q=0.5;expires=3500',
          '<sip:alice@mobile.example;transport=tcp>;expires=3500',
        ],
      },
    });
  });

  test('takes one contact away, or all', async () => {
    const on = phones();
    await register(on, { contact: `${contact}, <sip:alice@two.example>, <sip:alice@three.example>` });
    const left = await register(on, { contact: `${contact};expires=0` });
    expect(left.headers['Contact']).toHaveLength(2);
    expect(await register(on, { contact: '*', expires: '0' })).toEqual({ status: 200, headers: {} });
    expect(on.bindings.gauges()).toEqual([{ trunk: 'office', bindings: 0 }]);
    expect(said(on).filter((type) => type === 'unregistered')).toHaveLength(3);
  });

  test.each([
    ['*', '60'],
    [`${contact}, *`, '0'],
    ['<tel:+15550100>', '60'],
    ['<sip:a@b', '60'],
  ])('with the Contact %s and Expires %s is refused, and nothing changes', async (text, expires) => {
    const on = phones();
    await register(on);
    expect(await register(on, { contact: text, expires })).toMatchObject({ status: 400 });
    expect(on.bindings.gauges()).toEqual([{ trunk: 'office', bindings: 1 }]);
  });

  test('is not moved by a request that was overtaken', async () => {
    const on = phones();
    await register(on, { cseq: 1_000 });
    expect(await register(on, { cseq: 999, expires: '0' })).toMatchObject({ status: 500 });
    expect(await register(on, { cseq: 1, sipCallId: 'restarted' })).toMatchObject({ status: 200 });
  });

  test('has so many contacts and no more', async () => {
    const on = phones();
    const many = (count: number) =>
      Array.from({ length: count }, (_, n) => `<sip:alice@host${n}.example>`).join(', ');
    expect(await register(on, { contact: many(6) })).toMatchObject({ status: 403 });
    expect(await register(on, { contact: many(5) })).toMatchObject({ status: 200 });
    expect(await register(on)).toMatchObject({ status: 403 });
    expect(on.bindings.gauges()).toEqual([{ trunk: 'office', bindings: 5 }]);
  });

  test('whose user leaves the configuration is no longer registered', async () => {
    const on = phones();
    await register(on);
    const { alice: _alice, ...users } = office.users;
    const agents = { desk: { targets: [{ uri: 'sip:spare@198.51.100.2' }] } };
    on.configure({ ...config, trunks: { ...config.trunks, office: { ...office, users } }, agents });
    expect(on.bindings.ownerOf(flow)).toBeUndefined();
    on.clock.pass(1_000);
    expect(on.event('user.unregistered')).toMatchObject({ reason: 'removed' });
  });
});

describe('a call to a user', () => {
  test('goes to every phone over the way it registered, the most wanted first', async () => {
    const on = phones();
    await register(on, { contact: `${contact};q=0.2` });
    const mobile = { address: '203.0.113.31', port: 40_000, transport: 'tcp' };
    await register(on, { contact: '<sip:alice@browser.invalid>', source: mobile, sipCallId: 'mobile' });
    on.invite();
    await on.settled();
    const first = on.attempt(0).request;
    expect(first).toMatchObject({
      uri: 'sip:alice@browser.invalid',
      nextHop: 'sip:203.0.113.31:40000;transport=tcp',
    });
    on.attempt(0).fails(503);
    await on.settled();
    expect(on.attempt(1).request).toMatchObject({
      uri: 'sip:alice@10.0.0.7:5062',
      nextHop: 'sip:203.0.113.30:5062;transport=udp',
    });
    on.attempt(1).answers();
    await on.settled();
    expect(on.event('call.answered')).toMatchObject({ target: 'desk-1' });
  });

  test('who is not registered goes to the next target at once', async () => {
    const on = phones();
    on.invite();
    await on.settled();
    expect(on.event('call.attempt-failed')).toMatchObject({
      ...{ target: 'desk-1', reason: 'target-unavailable', sipStatus: 480, tryingNext: true },
      detail: 'user "alice" of trunk "office" is not registered',
    });
    expect(on.attempt(0).request.uri).toBe('sip:spare@198.51.100.2');
  });
});

class PhoneInvite extends FakeInvite {
  override readonly source: IncomingRegister['source'];

  constructor(source: IncomingRegister['source']) {
    super({ headers: { 'p-asserted-identity': '<sip:+15550123@192.0.2.1>' } });
    this.source = source;
  }
}

describe('a call of a user', () => {
  test('over the way it registered is its own, whatever it says of itself', async () => {
    const on = phones();
    await register(on);
    on.invite(new PhoneInvite(flow));
    await on.settled();
    expect(on.event('call.received')).toMatchObject({
      trunk: 'office',
      from: { uri: 'sip:alice@phones.example', number: 'alice' },
    });
    expect(on.attempt(0).request.from.number).toBe('alice');
  });

  test('from anywhere else must prove who it is', async () => {
    const on = phones();
    await register(on);
    const invite = on.invite(new PhoneInvite({ ...flow, port: 5063 }));
    await on.settled();
    expect(invite.told).toEqual(['401']);
    expect(on.types()).not.toContain('call.received');
  });

  test('over a way that two users share must prove which of them calls', async () => {
    const on = phones();
    await register(on);
    await register(on, { user: 'bob', password: 'builder', contact: '<sip:bob@10.0.0.8>' });
    const invite = on.invite(new PhoneInvite(flow));
    await on.settled();
    expect(invite.told).toEqual(['401']);
  });
});

test('a flood of wrong passwords from one address is held off, and others register meanwhile', async () => {
  const on = phones();
  const stranger = { ...flow, address: '198.51.100.66' };
  const heard = new Map<number, number>();
  for (let tries = 0; tries < 300; tries += 1) {
    const { status } = await register(on, { password: `guess ${tries}`, source: stranger });
    heard.set(status, (heard.get(status) ?? 0) + 1);
  }
  expect([...heard.keys()]).toEqual([401, 403]);
  expect(heard.get(401)).toBeLessThan(20);
  expect(await register(on)).toMatchObject({ status: 200 });
  expect(on.bindings.gauges()).toEqual([{ trunk: 'office', bindings: 1 }]);
});

describe('a call to a user who is registered with another edge', () => {
  const there = () => {
    const fleet = new FleetTables();
    const [owner, other] = [phones({ fleet }), phones({ fleet, edgeId: 'edge-2' })];
    const lives = (over = {}) => fleet.lives('edge-1', other.clock.now(), over);
    lives();
    const isCalled = async () => {
      await register(owner, { expires: '600' });
      await owner.published();
      other.invite();
      await other.settled();
      return other.attempt(0).request;
    };
    return { fleet, owner, other, lives, isCalled };
  };

  test('goes to that edge, which calls the phone over its own way', async () => {
    const { owner, other, isCalled } = there();
    const { nextHop, uri, headers } = await isCalled();
    expect([nextHop, uri]).toEqual(['sip:198.51.100.10:5060;transport=udp', 'sip:alice@phones.example']);
    const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    owner.invite(
      new FakeInvite({ to: 'alice', address: '198.51.100.99', headers: Object.fromEntries(lowerCase) }),
    );
    await owner.settled();
    const { request } = owner.attempt(0);
    expect([request.nextHop, request.uri]).toEqual([
      'sip:203.0.113.30:5062;transport=udp',
      'sip:alice@10.0.0.7:5062',
    ]);
    expect(request.headers).not.toHaveProperty('X-Trunkline-Handover');
    expect(owner.event('call.received')).toMatchObject({
      ...{ trunk: 'office', continues: other.event('call.received').callId },
      from: { number: '+15550199' },
    });
    expect(owner.event('call.routed')).toMatchObject({ source: 'handover', targets: [{ id: 'alice' }] });
    expect(JSON.stringify([owner.events, other.events])).not.toContain(headers['X-Trunkline-Handover']);
  });

  test('ends at that edge where the phone is gone meanwhile, and the next target is called', async () => {
    const { owner, other, isCalled } = there();
    const { headers } = await isCalled();
    await register(owner, { expires: '0' });
    const pass = String(headers['X-Trunkline-Handover']);
    const handed = owner.invite(new FakeInvite({ to: 'alice', headers: { 'x-trunkline-handover': pass } }));
    await owner.settled();
    expect(handed.told).toEqual(['480']);
    other.attempt(0).fails(480);
    await other.settled();
    expect(other.attempt(1).request.uri).toBe('sip:spare@198.51.100.2');
  });

  test.each([
    ['is draining', { draining: true }],
    ['has shown no sign of life for half a minute', { heartbeatAt: 0 }],
    ['has begun a new life and forgotten it', { epoch: 2 }],
  ])('goes to the next target where that edge %s', async (_what, over) => {
    const { lives, isCalled } = there();
    lives(over);
    expect((await isCalled()).uri).toBe('sip:spare@198.51.100.2');
  });

  test('goes to the next target while the tables do not answer, and to that edge once they do', async () => {
    const { fleet, owner, other, isCalled } = there();
    fleet.away = true;
    expect((await isCalled()).uri).toBe('sip:spare@198.51.100.2');
    fleet.away = false;
    owner.clock.pass(1_000);
    await owner.settled();
    expect([...fleet.rows.values()]).toMatchObject([{ name: 'alice', edgeId: 'edge-1' }]);
    other.invite();
    await other.settled();
    expect(other.attempt(1).request.uri).toBe('sip:alice@phones.example');
  });

  test('leaves nothing in the table when the phone goes or is forgotten', async () => {
    const { fleet, owner } = there();
    await register(owner, { expires: '600' });
    await owner.published();
    expect(fleet.rows.size).toBe(1);
    await register(owner, { expires: '0' });
    await owner.published();
    expect(fleet.rows.size).toBe(0);
    await register(owner, { expires: '60' });
    owner.clock.pass(60_000);
    await owner.published();
    expect(fleet.rows.size).toBe(0);
  });

  test('cannot be handed over by somebody who does not know the pass', async () => {
    const { owner } = there();
    await register(owner, { expires: '600' });
    const guessed = { 'x-trunkline-handover': 'f'.repeat(32) };
    const stranger = owner.invite(
      new FakeInvite({ to: 'alice', address: '198.51.100.66', headers: guessed }),
    );
    await owner.settled();
    expect([stranger.told, owner.attempts.length]).toEqual([['480'], 0]);
  });
});
