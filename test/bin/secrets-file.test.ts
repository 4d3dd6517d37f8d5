import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadSecrets } from '../../bin/cli/secrets-file.ts';
import { aFolder } from '../local/stand-in.ts';
import { trunklineIn } from './run-cli.ts';

async function aFile(text: string) {
  const folder = await aFolder();
  const path = join(folder.path, 'secrets.yaml');
  await writeFile(path, text);
  return { path, folder: folder.path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

test('a file of secrets holds texts, or fields that become a JSON secret', async () => {
  await using file = await aFile(
    'trunkline/a: hunter2-4711\ntrunkline/b: { username: us, password: other-4712 }\n',
  );
  expect(await loadSecrets(file.path)).toEqual({
    'trunkline/a': 'hunter2-4711',
    'trunkline/b': '{"username":"us","password":"other-4712"}',
  });
});

test.each([
  '- hunter2-4711',
  'a: [hunter2-4711]',
  'a: { b: { c: hunter2-4711 } }',
  'hunter2-4711',
  'a: "hunter2-4711',
  '',
])('a file that is %j is refused without quoting it', async (text) => {
  await using file = await aFile(text);
  const refused = await loadSecrets(file.path).catch((error: Error) => error);
  expect(refused).toMatchObject({ message: expect.stringContaining('must hold "name: secret"') });
  expect(String(refused)).not.toContain('4711');
});

test('a file that is not there is told', async () => {
  await expect(loadSecrets('/nowhere/secrets.yaml')).rejects.toThrow('there is no such file');
});

test('config check names the place of a password that stands in the file, and does not show it', async () => {
  const config = [
    'version: 1',
    'trunks: { carrier: { endpoints: [{ host: 192.0.2.1 }], authentication: { out: { username: us, password: hunter2-4711 } } } }',
    'numbers: { "*": { agent: desk } }',
    'agents: { desk: { targets: [{ uri: "sip:desk@192.0.2.10" }] } }',
  ];
  await using file = await aFile(config.join('\n'));
  const { code, stdout, stderr } = await trunklineIn(file.folder, 'config', 'check', file.path);
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain('trunks.carrier.authentication.out.password: must be { env: NAME }');
  expect(stdout + stderr).not.toContain('4711');
});
