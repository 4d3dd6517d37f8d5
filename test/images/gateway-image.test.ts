import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
let app: string;
let dockerfile: string;
let copied: string[];

/** The files that the image has, and no others; packages as they are installed here. */
beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'trunkline-gateway-image-'));
  dockerfile = await readFile(join(root, 'images/gateway.Dockerfile'), 'utf8');
  const lines = [...dockerfile.matchAll(/^COPY (?!--)(.+) \S+$/gm)].map(([, names = '']) => names.split(' '));
  copied = [...new Set(lines.flat())];
  for (const name of copied) await cp(join(root, name), join(app, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(app, 'node_modules'));
});
afterAll(() => rm(app, { recursive: true, force: true }));

test('Docker is sent every file that the image of the gateway is made of', async () => {
  const sent = (await readFile(join(root, '.dockerignore'), 'utf8')).split('\n');
  for (const name of [...copied, 'images/gateway.Dockerfile']) expect(sent).toContain(`!${name}`);
  expect(copied).toEqual(expect.arrayContaining(['contracts', 'core', 'gateway']));
  for (const foreign of ['edge-node', 'functions', 'lib', 'local']) expect(copied).not.toContain(foreign);
});

test('they are enough for a gateway to start as its image starts it, to tell CloudWatch, and to end on SIGTERM', async () => {
  const [, command = '[]'] = /^CMD (.+)$/m.exec(dockerfile) ?? [];
  const [program = '', ...words] = JSON.parse(command) as string[];
  const env = {
    PATH: process.env['PATH'],
    GATEWAY_THREADS: '1',
    GATEWAY_EMF_MS: '60000',
    GATEWAY_NAME: 'g-1',
  };
  const gateway = spawn(program, words, { cwd: app, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const said: string[] = [];
  const lines = createInterface(gateway.stdout);
  lines.on('line', (line) => said.push(line));
  const ended = once(gateway, 'exit');
  try {
    await expect.poll(() => said.find((line) => line.includes('"msg":"ready"'))).toBeDefined();
    const { url } = JSON.parse(said.find((line) => line.includes('"msg":"ready"')) ?? '{}');
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    gateway.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
    expect(said.some((line) => line.includes('"AgentSessions":0') && line.includes('"g-1"'))).toBe(true);
  } finally {
    gateway.kill('SIGKILL');
  }
});
