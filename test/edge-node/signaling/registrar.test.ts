import { describe, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../../contracts/config.ts';
import { encryptionOf } from '../../../core/media-encryption.ts';
import { DigestClient } from '../../../edge-node/signaling/auth/answer-challenge.ts';
import type { SignalingContext } from '../../../edge-node/signaling/context.ts';
import type { IncomingRegister, ResponseHeaders } from '../../../edge-node/signaling/sip.ts';
import { attemptsFor } from '../../../edge-node/signaling/trunks/attempts.ts';
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
const trunks = ({ trunks, bindings }: SignalingContext): SignalingContext['trunks'] => ({
  ...trunks,
  attempts: (targets, seed) =>
    attemptsFor(targets, seed, {
      finder: { find: async (uri) => [{ server: uri, nextHop: undefined }] },
      book: { begin: () => ({ heard: () => {}, leftOff: () => {} }) },
      standing: () => 'up',
      encryption: (target) => encryptionOf(target, {}),
      bindings,
    }),
});

const phones = () => stage({ config, secrets, trunks });

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
