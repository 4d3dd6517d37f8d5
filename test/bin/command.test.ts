import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Command } from '../../contracts/commands.ts';
import { aFolder } from '../local/stand-in.ts';
import { trunkline, trunklineIn } from './run-cli.ts';

const callId = '01KG9Z0000X3T7CFC7J2SPVFN2';

/** A folder in which a platform seems to run, whose bus answers each command so. */
async function aRunningPlatform(answer: object) {
  const folder = await aFolder();
  const listeners = new Set<ServerResponse>();
  const put: { DetailType: string; Source: string; Detail: string }[] = [];
  const server = createServer(async (request, response) => {
    if (request.method === 'GET') {
      response.flushHeaders();
      listeners.add(response);
      return;
    }
    const { Entries } = JSON.parse(Buffer.concat(await request.toArray()).toString());
    put.push(...Entries);
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end('{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}');
    const { id, type } = JSON.parse(Entries[0].Detail);
    const stamp = { version: 1, id: callId, time: '2026-01-31T12:00:00.000Z', callId, command: type };
    for (const commandId of ['01KG9Z00000000000000000000', id]) {
      const line = JSON.stringify({ detail: { ...stamp, ...answer, commandId } });
      for (const listener of listeners) listener.write(`${line}\n`);
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await mkdir(join(folder.path, '.trunkline'));
  const env = { AWS_ENDPOINT_URL: url, AWS_REGION: 'local' };
  const platform = { pid: process.pid, env, outputs: { BusName: 'bus' }, events: `${url}/events` };
  await writeFile(join(folder.path, '.trunkline', 'up.json'), JSON.stringify(platform));
  return {
    put,
    command: (...words: string[]) => trunklineIn(folder.path, 'command', ...words),
    async [Symbol.asyncDispose]() {
      server.close().closeAllConnections();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe('trunkline command', () => {
  test('puts the command on the bus, with its fields as the contract wants them, and waits for its own answer', async () => {
    await using platform = await aRunningPlatform({ type: 'command.applied' });
    const fields = ['file=welcome.wav', 'to=b', 'times=3'];
    const { code, stdout } = await platform.command(
      'call.play',
      '--call',
      callId,
      ...fields,
      '--wait',
      '--json',
    );
    const [entry] = platform.put;
    expect(entry).toMatchObject({ Source: 'trunkline.client', DetailType: 'call.play' });
    const command = Command.parse(JSON.parse(entry?.Detail ?? ''));
    expect(command).toMatchObject({ type: 'call.play', callId, file: 'welcome.wav', to: 'b', times: 3 });
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { type: 'command.applied', commandId: command.id }]);
  });

  test('makes up an id for a call that is to begin, and reads dots into objects', async () => {
    await using platform = await aRunningPlatform({ type: 'command.applied' });
    const fields = ['to.number=+15550177', 'connect.agent=echo', 'ringSeconds=20'];
    const { code, stdout } = await platform.command('call.originate', ...fields);
    const command = Command.parse(JSON.parse(platform.put[0]?.Detail ?? ''));
    expect(command).toMatchObject({
      to: { number: '+15550177' },
      connect: { agent: 'echo' },
      ringSeconds: 20,
    });
    expect(code).toBe(0);
    expect(stdout).toContain(command.callId);
  });

  test('is 1 where the command is refused, and says why', async () => {
    const refusal = { type: 'command.refused', reason: 'wrong-state', message: 'nothing is played' };
    await using platform = await aRunningPlatform(refusal);
    const { code, stdout } = await platform.command('call.stop', '--call', callId, '--wait');
    expect(code).toBe(1);
    expect(stdout).toContain('nothing is played');
  });

  test.each([
    [['call.hangupp', '--call', callId], /there are call\.hangup, /],
    [['call.hangup'], /needs --call ID/],
    [['call.play', '--call', callId, 'file=../secret.wav'], /file: must be the name of a file/],
    [['call.hold', '--call', callId, 'leg'], /"leg" is no field/],
  ])('%s is 2, and nothing is said on the bus', async (words, why) => {
    const { code, stderr } = await trunkline('command', ...words);
    expect(code).toBe(2);
    expect(stderr).toMatch(why);
  });
});
