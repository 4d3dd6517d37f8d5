import { describe, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../../../contracts/config.ts';
import { DigestClient } from '../../../../edge-node/signaling/auth/answer-challenge.ts';
import { FakeInvite, type Stage, stage, twoTargets } from '../stage.ts';

const caller = { username: 'pbx', realm: 'sip.example', password: { env: 'PBX_PASSWORD' } };
const secrets = { 'environment variable PBX_PASSWORD': 'hunter2-4711' };
const trunks = {
  carrier: { sources: ['192.0.2.0/24'] },
  both: { sources: ['198.51.100.0/24'], authentication: { in: caller } },
  roaming: { authentication: { in: { ...caller, username: 'roaming' } } },
};
const config: RoutingConfigInput = { ...twoTargets, trunks };

type Sent = { address?: string; authorization?: string; to?: string };

/** Sends an INVITE and waits for what becomes of it. */
async function invites(on: Stage, sent: Sent): Promise<FakeInvite> {
  const invite = on.invite(new FakeInvite(sent));
  await on.settled();
  return invite;
}

const challengesOf = ({ refusedWith }: FakeInvite) => [refusedWith['WWW-Authenticate'] ?? []].flat();

/** What a phone sends after such a response. */
function answering(refused: FakeInvite, account: object = {}, uri = 'sip:+15550100@edge') {
  const client = new DigestClient({ username: 'pbx', password: 'hunter2-4711', ...account });
  const get = () => challengesOf(refused).join(', ');
  const answer = client.begin({ method: 'INVITE', uri }).answer({ status: 401, get });
  return answer.ok ? String(answer.headers['Authorization']) : expect.unreachable(answer.detail);
}

const address = '198.51.100.7';
const trunkOf = (on: Stage) => on.event('call.received').trunk;

describe('a trunk with authentication', () => {
  test('is challenged with each algorithm, strongest first, before there is a call', async () => {
    const on = stage({ config, secrets });
    const refused = await invites(on, { address });
    expect(refused.told).toEqual(['401']);
    expect(challengesOf(refused)).toEqual([
      expect.stringMatching(
        /^Digest realm="sip\.example", nonce="[\w-]{43}", algorithm=SHA-256, qop="auth"$/,
      ),
      expect.stringMatching(/^Digest realm="sip\.example", nonce="[\w-]{43}", algorithm=MD5, qop="auth"$/),
    ]);
    expect(on.events).toEqual([]);
    expect(on.refused).toEqual(['authentication-required']);
  });

  test.each(['SHA-256', 'MD5'])('comes in with the right password and %s', async (algorithm) => {
    const on = stage({
      config: {
        ...config,
        trunks: {
          both: { ...trunks.both, authentication: { in: { ...caller, algorithms: [algorithm as 'MD5'] } } },
        },
      },
      secrets,
    });
    const authorization = answering(await invites(on, { address }));
    expect(authorization).toContain(`algorithm=${algorithm}`);
    await invites(on, { address, authorization });
    expect(trunkOf(on)).toBe('both');
    expect(on.attempt(0).request.headers).not.toHaveProperty('Authorization');
  });

  test('and no sources is found by its user name', async () => {
    const on = stage({ config, secrets });
    const refused = await invites(on, { address: '203.0.113.9' });
    const authorization = answering(refused, { username: 'roaming' });
    await invites(on, { address: '203.0.113.9', authorization });
    expect(trunkOf(on)).toBe('roaming');
  });

  test('and sources is not let in from elsewhere, right password or not', async () => {
    const on = stage({ config, secrets });
    const authorization = answering(await invites(on, { address: '203.0.113.9' }));
    expect((await invites(on, { address: '203.0.113.9', authorization })).told).toEqual(['401']);
    expect(on.events).toEqual([]);
  });

  test('is told the same for a wrong password as for a name that nobody has', async () => {
    const on = stage({ config, secrets });
    const first = await invites(on, { address });
    const bare = (text: string) => text.replace(/nonce="[^"]*"/, '');
    const answers = [];
    for (const account of [{ password: 'wrong' }, { username: 'nobody' }]) {
      const refused = await invites(on, { address, authorization: answering(first, account) });
      answers.push({ told: refused.told, challenges: challengesOf(refused).map(bare) });
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.told).toEqual(['401']);
    expect(on.refused.slice(1)).toEqual(['authentication-failed', 'authentication-failed']);
  });

  test('that fails again and again is held off, and then may try again', async () => {
    const on = stage({ config, secrets });
    const wrong = async () => answering(await invites(on, { address }), { password: 'wrong' });
    const right = answering(await invites(on, { address }));
    on.clock.pass(1_000);
    for (let failures = 0; failures < 4; failures += 1) {
      on.clock.pass(1_000);
      await invites(on, { address, authorization: await wrong() });
    }
    on.clock.pass(1_000);
    const last = await wrong();
    await invites(on, { address, authorization: last });
    expect((await invites(on, { address, authorization: right })).told).toEqual(['403']);
    expect((await invites(on, { address: '192.0.2.1' })).told).not.toContain('403');
    on.clock.pass(1_000);
    await invites(on, { address, authorization: right });
    expect(on.types().filter((type) => type === 'call.received')).toHaveLength(2);
  });

  test('is asked anew with stale=true where its nonce is old, was used before, or is of another edge', async () => {
    const on = stage({ config, secrets });
    const other = stage({ config, secrets });
    const foreign = answering(await invites(other, { address }));
    const used = answering(await invites(on, { address }));
    await invites(on, { address, authorization: used });
    on.clock.pass(1_000);
    const old = answering(await invites(on, { address }));
    const wantsAnother = async (authorization: string) => {
      const { told, ...refused } = await invites(on, { address, authorization });
      expect(told).toEqual(['401']);
      expect(refused.refusedWith['WWW-Authenticate']?.[0]).toContain('stale=true');
      on.clock.pass(1_000);
    };
    await wantsAnother(foreign);
    await wantsAnother(used);
    on.clock.pass(300_000);
    await wantsAnother(old);
    expect(on.types().filter((type) => type === 'call.received')).toHaveLength(1);
  });

  test('cannot use the credentials of one call to call another number', async () => {
    const on = stage({ config, secrets });
    const authorization = answering(await invites(on, { address }));
    expect((await invites(on, { address, to: '+19005550100', authorization })).told).toEqual(['401']);
  });

  test.each([
    'Digest realm="sip.example"',
    'Digest username="pbx", realm="sip.example", nonce="", uri="", response=""',
    'Basic cGJ4Omh1bnRlcjI=',
    'Digest realm="sip.example", realm="sip.example"',
    '',
  ])('that sends %j is asked again', async (authorization) => {
    const on = stage({ config, secrets });
    expect((await invites(on, { address, authorization })).told).toEqual(['401']);
  });

  test('whose password is missing is our fault, and says where it should be', async () => {
    const on = stage({ config });
    const authorization = answering(await invites(on, { address }));
    expect((await invites(on, { address, authorization })).told).toEqual(['503']);
    expect(on.refused.at(-1)).toBe('secret-missing');
    expect(on.logged('cannot be asked')[0]).toMatchObject({
      detail: 'trunks.both.authentication.in.password: environment variable PBX_PASSWORD is not set',
    });
  });
});

describe('a trunk without authentication', () => {
  test('is not asked', async () => {
    const on = stage({ config, secrets });
    await invites(on, { address: '192.0.2.1' });
    expect(trunkOf(on)).toBe('carrier');
  });

  test('is not let in with the credentials of another trunk: who could be two is nobody', async () => {
    const on = stage({ config, secrets });
    const elsewhere = await invites(on, { address: '203.0.113.9' });
    const claim = answering(elsewhere, { username: 'roaming' });
    const asked = await invites(on, { address: '192.0.2.1', authorization: claim });
    expect(asked.told).toEqual(['401']);
    const authorization = answering(asked, { username: 'roaming' });
    expect((await invites(on, { address: '192.0.2.1', authorization })).told).toEqual(['403']);
    expect(on.events).toEqual([]);
    expect(on.logged('refused')[0]).toMatchObject({ why: 'is trunks "carrier" and "roaming" at once' });
  });

  test('may bring credentials for a realm that is not ours', async () => {
    const on = stage({ config, secrets });
    await invites(on, {
      address: '192.0.2.1',
      authorization: 'Digest realm="theirs", username="x", nonce="n"',
    });
    expect(trunkOf(on)).toBe('carrier');
  });
});
