import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { promptsIn } from '../../../edge-node/media/prompts.ts';

let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'trunkline-prompts-'));
  folder = join(root, 'prompts');
  await mkdir(join(folder, 'more.wav'), { recursive: true });
  await writeFile(join(folder, 'welcome.wav'), 'RIFF');
  await writeFile(join(root, 'secret.wav'), 'RIFF');
  await symlink(join(root, 'secret.wav'), join(folder, 'way-out.wav'));
  await symlink(join(folder, 'welcome.wav'), join(folder, 'hello.wav'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('the folder of recordings', () => {
  test.each(['welcome.wav', 'hello.wav'])('has %s', async (file) => {
    expect(await promptsIn(folder).find(file)).toBe(join(folder, 'welcome.wav'));
  });

  test.each([
    ['what is not there', 'nobody.wav'],
    ['a file beside it', '../secret.wav'],
    ['a file behind a link that leads out of it', 'way-out.wav'],
    ['a folder in it', 'more.wav'],
    ['itself', '.'],
  ])('has not %s', async (_what, file) => {
    await expect(promptsIn(folder).find(file)).rejects.toThrow('there is no recording');
  });

  test('that is not set says which variable would name it', async () => {
    await expect(promptsIn(undefined).find('welcome.wav')).rejects.toThrow('TRUNKLINE_PROMPTS_DIR');
  });
});
