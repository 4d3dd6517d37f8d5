import { describe, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../../contracts/config.ts';
import { stage, twoTargets } from './stage.ts';

const account = { username: 'trunkline', password: { secret: 'trunkline/agent', field: 'password' } };
const config: RoutingConfigInput = {
  ...twoTargets,
  agents: {
    echo: {
      targets: [
        { uri: 'sip:first@198.51.100.1', authentication: account },
        { uri: 'sip:second@198.51.100.2', priority: 2 },
      ],
    },
  },
};
const secrets = { 'field "password" of secret "trunkline/agent"': 'hunter2-4711' };

describe('an agent by SIP that may ask who we are', () => {
  test('is answered with its own account, and the one behind it with none', async () => {
    const s = stage({ config, secrets });
    s.invite();
    await s.settled();
    expect(await s.attempt(0).request.credentials?.()).toEqual({ ...account, password: 'hunter2-4711' });
    s.attempt(0).fails(503);
    await s.settled();
    expect(s.attempt(1).request.credentials).toBeUndefined();
  });

  test('whose password cannot be read is told of by target and field, and nowhere is there a password', async () => {
    const s = stage({ config });
    s.invite();
    await s.settled();
    await expect(s.attempt(0).request.credentials?.()).rejects.toThrow(
      /^target echo-1: authentication\.password: .*trunkline\/agent/,
    );
    const t = stage({ config, secrets });
    t.invite();
    await t.settled();
    expect(JSON.stringify(t.event('call.routed'))).not.toMatch(/hunter2|trunkline\/agent/);
  });
});
