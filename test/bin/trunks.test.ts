import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aFolder } from '../local/stand-in.ts';
import { trunklineIn } from './run-cli.ts';

/** One that is an address: it is its own only server. */
const endpoint = (trunk: string, port: number, up: boolean) => {
  const place = `203.0.113.7:${port};transport=udp`;
  const seen = { up, lastStatus: up ? 200 : null };
  return { trunk, endpoint: place, ...seen, calls: 2, servers: [{ server: place, ...seen, standing: 'up' }] };
};

/** A folder in which a platform seems to run, each of whose edges has these endpoints. */
const aRunningPlatform = (...trunksOfEdges: readonly (readonly object[])[]) =>
  aPlatform(trunksOfEdges.map((trunks) => ({ trunks, registrations: [] })));

async function aPlatform(answers: readonly object[]) {
  const folder = await aFolder();
  const servers = answers.map((answer) =>
    createServer((_request, response) => response.end(JSON.stringify(answer))),
  );
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening');
  const edges = servers.map((server, index) => ({
    id: `edge-${index + 1}`,
    http: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
  }));
  await mkdir(join(folder.path, '.trunkline'));
  await writeFile(
    join(folder.path, '.trunkline', 'up.json'),
    JSON.stringify({ pid: process.pid, http: edges[0]?.http, edges }),
  );
  return {
    status: (...args: string[]) => trunklineIn(folder.path, 'trunks', 'status', ...args),
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test('trunks status shows each endpoint, and is 0 while each trunk has one that is up', async () => {
  await using platform = await aRunningPlatform([endpoint('one', 5060, true), endpoint('one', 5061, false)]);
  const { code, stdout } = await platform.status();
  expect(code).toBe(0);
  expect(stdout).toBe(
    'one  203.0.113.7:5060;transport=udp  up    OPTIONS 200, 2 calls on the trunk\n' +
      'one  203.0.113.7:5061;transport=udp  down  no answer to OPTIONS, 2 calls on the trunk\n',
  );
});

test('trunks status is 1 when a trunk has no endpoint that is up', async () => {
  const lines = [endpoint('one', 5060, true), endpoint('two', 5060, false)];
  await using platform = await aRunningPlatform(lines);
  const { code, stdout } = await platform.status('--json');
  expect([code, JSON.parse(stdout)]).toEqual([1, lines.map((line) => ({ edge: 'edge-1', ...line }))]);
});

test('trunks status of several edges names each, and is 1 when one of them reaches a trunk no more', async () => {
  await using platform = await aRunningPlatform(
    [endpoint('one', 5060, true)],
    [endpoint('one', 5060, false)],
  );
  const { code, stdout } = await platform.status();
  expect([code, stdout.split('\n')]).toEqual([
    1,
    [
      'edge-1  one  203.0.113.7:5060;transport=udp  up    OPTIONS 200, 2 calls on the trunk',
      'edge-2  one  203.0.113.7:5060;transport=udp  down  no answer to OPTIONS, 2 calls on the trunk',
      '',
    ],
  ]);
});

test('trunks status shows each registration, and is 1 while one is missing', async () => {
  const good = { trunk: 'one', registrar: 'a.example', user: 'us', registered: true, expiresInSeconds: 500 };
  const bad = { ...good, trunk: 'two', registered: false, expiresInSeconds: null, failure: '403 Forbidden' };
  const trunks = [endpoint('one', 5060, true)];
  await using healthy = await aPlatform([{ trunks, registrations: [{ ...good, failure: null }] }]);
  expect((await healthy.status()).code).toBe(0);
  await using platform = await aPlatform([{ trunks, registrations: [{ ...good, failure: null }, bad] }]);
  const { code, stdout } = await platform.status();
  expect([code, stdout.split('\n').slice(1)]).toEqual([
    1,
    ['one  us at a.example  registered for 500 s', 'two  us at a.example  not registered, 403 Forbidden', ''],
  ]);
});

test('trunks status without a platform says how to start one', async () => {
  await using folder = await aFolder();
  const { code, stderr } = await trunklineIn(folder.path, 'trunks', 'status');
  expect([code, stderr]).toEqual([1, expect.stringContaining('npx trunkline up')]);
});
