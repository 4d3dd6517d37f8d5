import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { machineImageFolder } from '../../lib/fleet/machine-image-folder.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

test('the image of the machine has its program in one small file, which starts by itself', async () => {
  using folder = machineImageFolder(project);
  expect(readdirSync(folder.path).sort()).toEqual(['Dockerfile', 'main.mjs']);
  const program = join(folder.path, 'main.mjs');
  expect(statSync(program).size).toBeLessThan(2_000_000);
  // Away from the project there is no node_modules to fall back on; nor is there a plan on this machine.
  const said = await new Promise<string>((resolve) => {
    execFile(process.execPath, [program], { cwd: folder.path }, (_, __, stderr) => resolve(stderr));
  });
  expect(said).toBe("ENOENT: no such file or directory, open '/etc/trunkline/machine.json'\n");
});
