import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { DevEnv } from '../../local/dev-env.ts';
import { aFolder } from '../local/stand-in.ts';
import { trunklineIn } from './run-cli.ts';

const yaml = (number: string, calls: number, trunk = '') => `version: 1
trunks: { carrier: { sources: [127.0.0.1/32], limits: { calls: ${calls} }${trunk} } }
numbers: { "${number}": { agent: echo } }
agents: { echo: { targets: [{ uri: "sip:echo@127.0.0.1:5099" }] } }
`;
const asking = (secret: string) =>
  `, authentication: { in: { username: them, realm: sip.example, password: { secret: ${secret} } } }`;

let folder: Awaited<ReturnType<typeof aFolder>>;
let env: DevEnv;
beforeAll(async () => {
  folder = await aFolder();
  const config = parse(yaml('+15550100', 10));
  const secrets = { 'trunkline/carrier': 'secret-4711', 'elsewhere/carrier': 'secret-4711' };
  env = await DevEnv.create({ config, secrets, edge: 'none', logger: pino({ level: 'silent' }) });
  const { env: aws, outputs } = env.cloud;
  await mkdir(join(folder.path, '.trunkline'));
  const running = { pid: process.pid, env: aws, outputs, edges: [] };
  await writeFile(join(folder.path, '.trunkline', 'up.json'), JSON.stringify(running));
}, 120_000);
afterAll(async () => {
  await env?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});
beforeEach(() => env.state.routing.push(parse(yaml('+15550100', 10))));

const file = async (name: string, text: string) => {
  await writeFile(join(folder.path, name), text);
  return name;
};
const textOf = (name: string) => readFile(join(folder.path, name), 'utf8');
const run = (...args: string[]) => trunklineIn(folder.path, 'config', ...args);
const stands = async () => {
  const { version, config } = (await env.state.routing.read()) ?? {};
  return { version, numbers: Object.keys(config?.numbers ?? {}) };
};

test('a configuration is compared, pushed, pulled back, and taken up by nobody where it has a fault', async () => {
  const wanted = await file('new.yaml', yaml('+15550101', 20));
  expect(await run('diff', wanted)).toMatchObject({
    code: 1,
    stdout: '- number +15550100\n+ number +15550101\n~ trunk carrier: limits.calls\n',
  });
  const faulty = await file('faulty.yaml', yaml('+15550101', 0));
  expect(await run('push', faulty)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('limits.calls'),
  });
  expect((await run('push', wanted, '--expect', '7')).stderr).toMatch(/^version \d+ stands, not 7/);
  expect(Object.keys((await env.state.routing.read())?.config.numbers ?? {})).toEqual(['+15550100']);

  expect(await run('push', wanted)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/version \d+, 3 changed\n$/),
  });
  expect(await run('push', wanted)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^version \d+, nothing differs\n$/),
  });
  expect(await run('diff', wanted)).toMatchObject({ code: 0, stdout: 'new.yaml is what the platform has\n' });
  expect(await run('pull', '--output', 'pulled.yaml')).toMatchObject({ code: 0 });
  const pulled = await readFile(join(folder.path, 'pulled.yaml'), 'utf8');
  expect(pulled).toMatch(/^# version \d+\n/);
  expect(await run('diff', 'pulled.yaml')).toMatchObject({ code: 0 });
}, 120_000);

test('what was pulled is pushed only over the version that it was pulled from', async () => {
  await run('pull', '--output', 'mine.yaml');
  const { version: before } = await stands();
  expect(await textOf('mine.yaml')).toMatch(`# version ${before}\n`);
  // A colleague is first.
  const { version: theirs } = await env.state.routing.push(parse(yaml('+15550177', 10)));
  await file('mine.yaml', (await textOf('mine.yaml')).replace('+15550100', '+15550155'));

  const refused = await run('push', 'mine.yaml');
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`version ${theirs} stands, not ${before}`),
  });
  expect(refused.stderr).toContain('--force');
  expect(await stands()).toEqual({ version: theirs, numbers: ['+15550177'] });

  expect(await run('push', 'mine.yaml', '--force')).toMatchObject({ code: 0 });
  const { version: mine, numbers } = await stands();
  expect(numbers).toEqual(['+15550155']);
  // And the next change of the same file goes over that.
  expect(await textOf('mine.yaml')).toMatch(`# version ${mine}\n`);
  await file('mine.yaml', (await textOf('mine.yaml')).replace('+15550155', '+15550156'));
  expect(await run('push', 'mine.yaml')).toMatchObject({ code: 0 });
  expect((await stands()).numbers).toEqual(['+15550156']);
}, 120_000);

test.each([
  ['is not there', 'trunkline/nobody', 'secret "trunkline/nobody" is not in this account and region'],
  ['edges may not read', 'elsewhere/carrier', 'secret "elsewhere/carrier" must begin with trunkline/'],
])(
  'a file that names a secret that %s is not pushed, unless nobody is to look',
  async (_, secret, says) => {
    const before = await stands();
    const wanted = await file('secret.yaml', yaml('+15550133', 10, asking(secret)));
    const refused = await run('push', wanted);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`trunks.carrier.authentication.in.password: ${says}`);
    expect(refused.stderr).toContain('--skip-secrets');
    expect(await stands()).toEqual(before);
    expect(await run('push', wanted, '--skip-secrets')).toMatchObject({ code: 0 });
    expect((await stands()).numbers).toEqual(['+15550133']);
  },
  120_000,
);

test('in an account each command asks for the one variable that it needs, and looks for secrets there', async () => {
  await using empty = await aFolder();
  const there = (...args: string[]) => trunklineIn(empty.path, ...args);
  for (const [name, value] of Object.entries(env.cloud.env)) vi.stubEnv(name, value);
  for (const table of ['CALLS', 'CONFIG', 'REGISTRATIONS']) vi.stubEnv(`TRUNKLINE_${table}_TABLE`, undefined);
  try {
    vi.stubEnv('TRUNKLINE_CALLS_TABLE', env.cloud.outputs['CallsTable']);
    expect((await there('config', 'pull')).stderr).toContain('TRUNKLINE_CONFIG_TABLE (output ConfigTable');
    expect((await there('registrations', 'list')).stderr).toContain('TRUNKLINE_REGISTRATIONS_TABLE');
    vi.stubEnv('TRUNKLINE_CALLS_TABLE', undefined);
    vi.stubEnv('TRUNKLINE_CONFIG_TABLE', env.cloud.outputs['ConfigTable']);
    expect((await there('calls', 'list')).stderr).toContain('TRUNKLINE_CALLS_TABLE');
    expect((await there('config', 'pull')).stdout).toContain('+15550100');
    const name = join(empty.path, 'new.yaml');
    await writeFile(name, yaml('+15550144', 10, asking('trunkline/carrier')));
    expect(await there('config', 'push', name)).toMatchObject({ code: 0 });
    vi.stubEnv('TRUNKLINE_SECRET_PREFIX', 'voice/');
    expect((await there('config', 'push', name)).stderr).toContain('must begin with voice/');
  } finally {
    vi.unstubAllEnvs();
  }
}, 120_000);
