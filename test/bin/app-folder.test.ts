import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openApp } from '../../bin/cli/app-folder.ts';
import { aFolder } from '../local/stand-in.ts';
import { trunkline } from './run-cli.ts';

async function anApp(cdkJson: string, script = '') {
  const folder = await aFolder();
  await writeFile(join(folder.path, 'cdk.json'), cdkJson);
  await writeFile(join(folder.path, 'app.mjs'), script);
  return folder;
}
const node = JSON.stringify({ app: 'node app.mjs', context: { stage: 'test' } });

const writesManifest = `
  import { writeFileSync } from 'node:fs';
  if (JSON.parse(process.env.CDK_CONTEXT_JSON).stage !== 'test') throw new Error('no context');
  writeFileSync(process.env.CDK_OUTDIR + '/manifest.json', '{}');`;

test('an app is synthesized with the context of its cdk.json, and what was written goes at the end', async () => {
  await using folder = await anApp(node, writesManifest);
  await writeFile(join(folder.path, 'trunkline.yaml'), 'version: 1');
  const app = await openApp(folder.path);
  expect(app).toMatchObject({ config: join(folder.path, 'trunkline.yaml'), prompts: undefined });
  await app[Symbol.asyncDispose]();
  await using again = await openApp(folder.path);
  expect(again.assembly).not.toBe(app.assembly);
});

test.each([
  ['is no folder of an app', undefined, '', 'has no cdk.json: give the folder of a CDK app'],
  ['has a cdk.json that is no JSON', '{', '', 'must be JSON with "app"'],
  ['names no app', '{}', '', 'must be JSON with "app", the command that makes the app'],
  ['fails', node, 'throw new Error("no such construct")', 'no such construct'],
  ['synthesizes nothing', node, '', 'synthesized nothing: it must call app.synth()'],
])('an app that %s is refused with what to change', async (_what, cdkJson, script, message) => {
  await using folder = cdkJson === undefined ? await aFolder() : await anApp(cdkJson, script);
  await expect(openApp(folder.path)).rejects.toThrow(message);
});

test('the command line ends with 2 and one message', async () => {
  const { code, stderr, stdout } = await trunkline('up', '--app', '/nowhere');
  expect([code, stdout, stderr]).toEqual([
    2,
    '',
    '--app: /nowhere has no cdk.json: give the folder of a CDK app\n',
  ]);
});
