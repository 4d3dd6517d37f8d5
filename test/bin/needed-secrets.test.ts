import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { refuseMissingSecrets } from '../../bin/cli/needed-secrets.ts';
import { RoutingConfig } from '../../contracts/config.ts';
import { secretsIn } from '../../core/secret-refs.ts';
import { aFolder } from '../local/stand-in.ts';
import { trunklineIn } from './run-cli.ts';

const config = RoutingConfig.parse({
  version: 1,
  trunks: {
    carrier: {
      sources: ['192.0.2.0/24'],
      endpoints: [{ host: 'sip.carrier.example' }],
      authentication: {
        out: { username: 'us', password: { secret: 'trunkline/carrier', field: 'password' } },
        in: { username: 'them', password: { env: 'THEIR_PASSWORD' }, realm: 'sip.example' },
      },
    },
    phones: {
      registrar: { realm: 'phones.example' },
      users: { alice: { password: { secret: 'trunkline/alice' } } },
    },
  },
  numbers: { '+15550100': { agent: 'ai' } },
  agents: {
    ai: {
      targets: [
        { uri: 'sip:ai@192.0.2.10' },
        {
          ...{ websocket: 'wss://agent.example/call', bearer: { secret: 'trunkline/bearer' } },
          clientCertificate: { cert: { secret: 'trunkline/cert' }, key: { secret: 'trunkline/key' } },
          // Told to the agent as it stands: no secret of ours.
          parameters: { secret: 'parameter' },
        },
      ],
    },
  },
});

test('every place of a configuration that names a secret is found, and nothing that only looks like one', () => {
  expect(secretsIn(config).map(({ path }) => path)).toEqual([
    'trunks.carrier.authentication.out.password',
    'trunks.carrier.authentication.in.password',
    'trunks.phones.users.alice.password',
    'agents.ai.targets.1.bearer',
    'agents.ai.targets.1.clientCertificate.cert',
    'agents.ai.targets.1.clientCertificate.key',
  ]);
});

const given = {
  env: { THEIR_PASSWORD: 'a-4711' },
  secrets: {
    ...{ 'trunkline/carrier': '{"password":"b-4711"}', 'trunkline/alice': 'c-4711' },
    ...{ 'trunkline/bearer': 'd-4711', 'trunkline/cert': 'e-4711', 'trunkline/key': 'f-4711' },
  },
};

test('what is given is not asked for', () => {
  expect(() => refuseMissingSecrets(config, given)).not.toThrow();
});

test.each([
  [
    { env: {} },
    'trunks.carrier.authentication.in.password: environment variable THEIR_PASSWORD is not set: export it',
  ],
  [
    { secrets: { ...given.secrets, 'trunkline/alice': '' } },
    'trunks.phones.users.alice.password: secret "trunkline/alice" is not in the file of --secrets',
  ],
  [
    { secrets: { ...given.secrets, 'trunkline/carrier': 'b-4711' } },
    'write "trunkline/carrier: { password: … }" into it',
  ],
])('%j: the place, the name and the remedy are told, and no secret', (but, says) => {
  const refused = () => refuseMissingSecrets(config, { ...given, ...but });
  expect(refused).toThrow(says);
  expect(refused).not.toThrow('4711');
});

test('`up` does not start without them', async () => {
  await using folder = await aFolder();
  const text = JSON.stringify({ ...config, agents: { ai: { targets: [{ uri: 'sip:ai@192.0.2.10' }] } } });
  await writeFile(join(folder.path, 'routing.yaml'), text);
  await writeFile(join(folder.path, 'secrets.yaml'), 'trunkline/alice: c-4711\n');
  const args = ['up', '--config', 'routing.yaml', '--secrets', 'secrets.yaml'];
  const { code, stderr } = await trunklineIn(folder.path, ...args);
  expect(code).toBe(2);
  expect(stderr.match(/^trunks\.\S+: /gm)).toEqual([
    'trunks.carrier.authentication.out.password: ',
    'trunks.carrier.authentication.in.password: ',
  ]);
}, 60_000);
