import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../edge-node/clock.ts';
import { createNgClient } from '../../../edge-node/media/rtpengine.ts';
import type { Metrics } from '../../../edge-node/ports.ts';

interface Asked {
  readonly command: string;
  reply(bencoded: string): void;
}

/** An rtpengine that answers when the test says so, and what it was asked. */
async function anEngine() {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const asked: Asked[] = [];
  socket.on('message', (datagram, { port }) => {
    const text = datagram.toString();
    const cookie = text.slice(0, text.indexOf(' '));
    asked.push({
      command: /7:command\d+:([a-z]+)/.exec(text)?.[1] ?? '',
      reply: (bencoded) => socket.send(`${cookie} ${bencoded}`, port, '127.0.0.1'),
    });
  });
  return { port: (socket.address() as AddressInfo).port, asked, close: () => socket.close() };
}

const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
  vi.restoreAllMocks();
});

async function connected(timeoutMs: number) {
  const engine = await anEngine();
  const counted: string[] = [];
  const metrics: Metrics = {
    observe: () => {},
    message: () => {},
    refused: () => {},
    turnedAway: () => {},
    invite: () => {},
    mediaRequest: (command, outcome) => void counted.push(`${command} ${outcome}`),
  };
  const client = createNgClient({ host: '127.0.0.1', port: engine.port }, timeoutMs, systemClock, metrics);
  ended.push(engine.close, client.close);
  return { ...engine, client, counted };
}

const offer = { 'call-id': 'a', 'from-tag': 'b', sdp: 'v=0' };

describe('a command to rtpengine', () => {
  test('is asked again once when its datagram is lost', async () => {
    const { client, asked, counted } = await connected(150);
    const answer = client.request('offer', offer);
    await expect.poll(() => asked.length).toBe(2);
    asked[1]?.reply('d6:result2:ok3:sdp3:v=0e');
    expect(await answer).toMatchObject({ result: 'ok', sdp: 'v=0' });
    expect(counted).toEqual(['offer timeout', 'offer ok']);
  });

  test('whose reply comes too late is counted, and nothing of the reply is printed', async () => {
    const printed = vi.spyOn(console, 'log');
    const { client, asked, counted } = await connected(20);
    await expect(client.request('offer', offer)).rejects.toThrow(/gave no answer to offer within 20 ms/);
    asked[0]?.reply('d6:result2:ok3:sdp31:a=crypto:1 inline:aSecretOfSRTPe');
    await expect.poll(() => counted).toContain('late-reply error');
    expect(printed).not.toHaveBeenCalled();
  });

  test('survives datagrams that are no replies', async () => {
    vi.spyOn(console, 'log').mockReturnValue();
    const { client, asked, counted } = await connected(5_000);
    const pong = client.request('ping');
    await expect.poll(() => asked.length).toBe(1);
    asked[0]?.reply('no bencode');
    await expect.poll(() => counted).toContain('unread-reply error');
    asked[0]?.reply('d6:result4:ponge');
    expect(await pong).toEqual({ result: 'pong' });
  });

  test.each([
    ['Could not parse SDP', 'bad-sdp'],
    ['Ran out of ports', 'refused'],
  ])('refused with "%s" is an error of kind %s', async (reason, kind) => {
    const { client, asked } = await connected(5_000);
    const answer = client.request('offer', offer);
    await expect.poll(() => asked.length).toBe(1);
    asked[0]?.reply(`d6:result5:error12:error-reason${reason.length}:${reason}e`);
    await expect(answer).rejects.toMatchObject({ kind, message: `rtpengine refused offer: ${reason}` });
  });
});
