import { EventEmitter, once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aFolder } from '../local/stand-in.ts';
import { trunklineIn } from './run-cli.ts';

const noLimits = { calls: null, callsPerSecond: null };

const trunk = (name: string, over: object = {}) => ({
  ...{ trunk: name, calls: 2, limits: noLimits, encryption: 'off', keying: 'sdes', caps: [], contacts: null },
  ...{ endpoints: [], registrations: [] },
  ...over,
});

/** One that is an address: it is its own only server. */
const endpoint = (port: number, up: boolean) => {
  const place = `203.0.113.7:${port};transport=udp`;
  const seen = { up, lastStatus: up ? 200 : null };
  return { endpoint: place, ...seen, servers: [{ server: place, ...seen, standing: 'up' }] };
};

/** A folder in which a platform seems to run, each of whose edges has these trunks. */
async function aRunningPlatform(...trunksOfEdges: readonly (readonly object[])[]) {
  const folder = await aFolder();
  const asked = new EventEmitter();
  const servers = trunksOfEdges.map((trunks) =>
    createServer((_request, response) => response.end(JSON.stringify({ trunks }))).on('request', () =>
      asked.emit('asked'),
    ),
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
    async askedTimes(times: number) {
      for (let time = 0; time < times; time += 1) await once(asked, 'asked');
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.close().closeAllConnections();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test('trunks status shows each endpoint, and is 0 while each trunk has one that is up', async () => {
  const endpoints = [endpoint(5060, true), endpoint(5061, false)];
  await using platform = await aRunningPlatform([trunk('one', { endpoints })]);
  const { code, stdout } = await platform.status();
  expect(code).toBe(0);
  expect(stdout).toBe(
    'one  2 calls  SRTP off\n' +
      '  203.0.113.7:5060;transport=udp  up    OPTIONS 200\n' +
      '  203.0.113.7:5061;transport=udp  down  no answer to OPTIONS\n',
  );
});

test('trunks status shows limits, encryption, users, and what calls have cost', async () => {
  const money = { period: 'day', unit: 'money', currency: 'EUR' };
  const caps = [
    { ...money, used: 40.5, cap: 100, refusing: false },
    { period: 'hour', unit: 'minutes', used: 600, cap: 600, refusing: true },
  ];
  const limits = { calls: 30, callsPerSecond: 5 };
  const line = trunk('one', { limits, encryption: 'required', keying: 'dtls', caps, contacts: 3 });
  await using platform = await aRunningPlatform([line]);
  const { code, stdout } = await platform.status();
  expect([code, stdout]).toEqual([
    0,
    'one  2 of 30 calls, at most 5 a second  SRTP required (dtls)  3 contacts of users  ' +
      '40.5 of 100 EUR this day  600 of 600 minutes this hour: no more calls out\n',
  ]);
});

test('trunks status is 1 when a trunk has no endpoint that is up', async () => {
  const lines = [
    trunk('one', { endpoints: [endpoint(5060, true)] }),
    trunk('two', { endpoints: [endpoint(5060, false)] }),
  ];
  await using platform = await aRunningPlatform(lines);
  const { code, stdout } = await platform.status('--json');
  expect([code, JSON.parse(stdout)]).toEqual([1, lines.map((line) => ({ edge: 'edge-1', ...line }))]);
});

test('trunks status of several edges names each, and is 1 when one of them reaches a trunk no more', async () => {
  await using platform = await aRunningPlatform(
    [trunk('one', { endpoints: [endpoint(5060, true)] })],
    [trunk('one', { endpoints: [endpoint(5060, false)] })],
  );
  const { code, stdout } = await platform.status();
  expect([code, stdout.split('\n')]).toEqual([
    1,
    [
      'edge-1  one  2 calls  SRTP off',
      '  203.0.113.7:5060;transport=udp  up    OPTIONS 200',
      'edge-2  one  2 calls  SRTP off',
      '  203.0.113.7:5060;transport=udp  down  no answer to OPTIONS',
      '',
    ],
  ]);
});

test('trunks status shows each registration, and is 1 while one is missing', async () => {
  const about = { registrar: 'a.example', user: 'us' };
  const good = { ...about, registered: true, expiresInSeconds: 500, failure: null };
  const bad = { ...about, registered: false, expiresInSeconds: null, failure: '403 Forbidden' };
  await using healthy = await aRunningPlatform([trunk('one', { registrations: [good] })]);
  expect((await healthy.status()).code).toBe(0);
  const lines = [trunk('one', { registrations: [good] }), trunk('two', { registrations: [bad] })];
  await using platform = await aRunningPlatform(lines);
  const { code, stdout } = await platform.status();
  expect([code, stdout.split('\n')]).toEqual([
    1,
    [
      'one  2 calls  SRTP off',
      '  us at a.example  registered for 500 s',
      'two  2 calls  SRTP off',
      '  us at a.example  not registered, 403 Forbidden',
      '',
    ],
  ]);
});

test('trunks status --watch asks again until the platform is gone, and says that', async () => {
  const platform = await aRunningPlatform([trunk('one')]);
  const watching = platform.status('--watch', '0.2', '--json');
  await platform.askedTimes(3);
  await platform[Symbol.asyncDispose]();
  const { code, stdout, stderr } = await watching;
  const pictures = stdout.trim().split('\n');
  expect(pictures.length).toBeGreaterThanOrEqual(3);
  for (const picture of pictures) expect(JSON.parse(picture)).toMatchObject([{ trunk: 'one', calls: 2 }]);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/does not answer|npx trunkline up/)]);
});

test('trunks status without a platform says how to start one', async () => {
  await using folder = await aFolder();
  const { code, stderr } = await trunklineIn(folder.path, 'trunks', 'status');
  expect([code, stderr]).toEqual([1, expect.stringContaining('npx trunkline up')]);
});
