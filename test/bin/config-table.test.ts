import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { DevEnv } from '../../local/dev-env.ts';
import { aFolder } from '../local/stand-in.ts';
import { trunklineIn } from './run-cli.ts';

const yaml = (number: string, calls: number) => `version: 1
trunks: { carrier: { sources: [127.0.0.1/32], limits: { calls: ${calls} } } }
numbers: { "${number}": { agent: echo } }
agents: { echo: { targets: [{ uri: "sip:echo@127.0.0.1:5099" }] } }
`;

test('a configuration is compared, pushed, pulled back, and taken up by nobody where it has a fault', async () => {
  await using folder = await aFolder();
  const file = async (name: string, text: string) => {
    await writeFile(join(folder.path, name), text);
    return name;
  };
  const config = parse(yaml('+15550100', 10));
  await using env = await DevEnv.create({ config, edge: 'none', logger: pino({ level: 'silent' }) });
  const { env: aws, outputs } = env.cloud;
  const running = { pid: process.pid, env: aws, outputs, edges: [] };
  await mkdir(join(folder.path, '.trunkline'));
  await writeFile(join(folder.path, '.trunkline', 'up.json'), JSON.stringify(running));
  const run = (...args: string[]) => trunklineIn(folder.path, 'config', ...args);

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
}, 60_000);
