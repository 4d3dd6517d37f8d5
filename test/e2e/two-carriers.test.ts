import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type CliRun, trunklineIn } from '../bin/run-cli.ts';
import { aFolder } from '../local/stand-in.ts';

const example = fileURLToPath(new URL('../../examples/two-carriers/', import.meta.url));
const shim = fileURLToPath(new URL('../../bin/trunkline.mjs', import.meta.url));

/** Loopback addresses of this run alone: the ports stand in the example, and another run may have them. */
const net = `127.${1 + (process.pid % 250)}.${1 + (Math.floor(process.pid / 250) % 250)}.`;
const moved = (text: string) => text.replaceAll('127.0.0.', net);

/** Words of each command in the README, less `npx trunkline`. */
async function commandsOf(readme: string): Promise<readonly string[][]> {
  const [, block = ''] = readme.split('```');
  return block
    .split('\n')
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line.startsWith('npx trunkline '))
    .map((line) => line.split(/\s+/).slice(2));
}

/** A verb that runs until it is stopped; resolves when it has said `word`. */
async function startVerb(cwd: string, args: readonly string[], word: string): Promise<AsyncDisposable> {
  const child = spawn(process.execPath, [shim, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  let said = '';
  const heard = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8');
        if (said.includes(word)) resolve();
      });
    }
  });
  const outcome = await Promise.race([heard, ended.then(() => 'ended')]);
  if (outcome === 'ended') throw new Error(`${args[0]} ended; it said:\n${said}`);
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGINT');
      await ended;
    },
  };
}

test('the commands of examples/two-carriers do what its README says', async () => {
  await using folder = await aFolder();
  const config = join(folder.path, 'trunkline.yaml');
  await writeFile(config, moved(await readFile(join(example, 'trunkline.yaml'), 'utf8')));
  const commands = await commandsOf(moved(await readFile(join(example, 'README.md'), 'utf8')));
  const [answer = [], up = [], status = [], ...others] = commands;
  expect([answer[0], up.slice(0, 2), status]).toEqual(['answer', ['up', '--config'], ['trunks', 'status']]);
  expect(others.map(([verb]) => verb)).toEqual(['call', 'call', 'calls']);

  await using _carriers = await startVerb(folder.path, answer, 'answering at');
  await using _platform = await startVerb(
    folder.path,
    ['up', '--config', config, '--sip-port', '0'],
    'Ctrl-C',
  );
  const run = (...args: string[]): Promise<CliRun> => trunklineIn(folder.path, ...args);
  await expect.poll(async () => (await run(...status)).stdout.match(/ up .* OPTIONS 200/g)?.length).toBe(3);
  expect((await run(...status)).code).toBe(0);
  const calls = others.filter(([verb]) => verb === 'call');
  for (const call of calls) expect(await run(...call, '--seconds', '1')).toMatchObject({ code: 0 });
  const { stdout } = await run('calls', 'list');
  expect(stdout.match(/caller-hangup/g)).toHaveLength(2);
  const explained = await run('calls', 'explain', stdout.slice(0, 26));
  expect([explained.code, explained.stdout]).toEqual([
    0,
    expect.stringMatching(/PCMU +kept +the policy: keep has it/),
  ]);
}, 120_000);
