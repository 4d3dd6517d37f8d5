import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { openAgentSocket } from '../../gateway/agent-socket.ts';
import { faultOf, handshake } from './a-handshake.ts';

/* Which address an agent's name leads to is decided once: a name that changes its mind between two looks leads nowhere else. */

/** A resolver that gives another answer each time it is asked. */
function changing(...answers: readonly (readonly string[])[]) {
  const asked: string[] = [];
  const resolve = async (host: string) => {
    const answer = answers[asked.push(host) - 1] ?? answers.at(-1) ?? [];
    return answer.map((address) => ({ address }));
  };
  return { asked, resolve };
}

/** Agents on two addresses of this machine, at the same port. */
async function twoAgents() {
  const called: string[] = [];
  const listen = async (address: string, port: number) => {
    const server = createServer();
    const agents = new WebSocketServer({ server });
    agents.on('connection', () => void called.push(address));
    server.listen(port, address);
    await once(server, 'listening');
    return { server, agents };
  };
  const first = await listen('127.0.0.1', 0);
  const { port } = first.server.address() as { port: number };
  const second = await listen('127.0.0.2', port);
  return {
    ...{ port, called },
    async [Symbol.asyncDispose]() {
      for (const { server, agents } of [first, second]) {
        for (const client of agents.clients) client.terminate();
        await new Promise((closed) => server.close(closed));
      }
    },
  };
}

test('the address that was checked is the one that is called, whatever the name says a moment later', async () => {
  await using agents = await twoAgents();
  const { asked, resolve } = changing(['127.0.0.1'], ['127.0.0.2']);
  const url = `ws://agent.example.com:${agents.port}/`;
  const socket = await openAgentSocket({ ...handshake, url, resolve });
  expect([agents.called, asked]).toEqual([['127.0.0.1'], ['agent.example.com']]);
  socket.terminate();
});

test('each socket looks anew: a name that moved into the network since then is refused', async () => {
  await using agents = await twoAgents();
  const { resolve } = changing(['127.0.0.1'], ['127.0.0.2']);
  const agent = { ...handshake, url: `ws://agent.example.com:${agents.port}/`, resolve };
  (await openAgentSocket(agent)).terminate();
  expect(await faultOf(openAgentSocket({ ...agent, allowPrivate: false }))).toBe('private-address');
  expect(agents.called).toEqual(['127.0.0.1']);
});

describe('a name that leads', () => {
  test.each([
    ['to loopback', ['127.0.0.1']],
    ['to loopback, as IPv6 writes it', ['::ffff:127.0.0.1']],
    ['to the addresses of instance metadata', ['169.254.169.254']],
    ['to the addresses of instance metadata, as IPv6 writes them', ['::ffff:a9fe:a9fe']],
    ['to the metadata of IPv6', ['fd00:ec2::254']],
    ['to a link', ['fe80::1']],
    ['to a private network, through NAT64', ['64:ff9b::a00:7']],
    ['to no address in particular', ['0.0.0.0']],
    ['to no address in particular of IPv6', ['::']],
    ['to a public address and a private one', ['93.184.215.14', '10.0.0.7']],
    ['to a private address and a public one', ['10.0.0.7', '93.184.215.14']],
    ['to a multicast group', ['224.0.0.1']],
    ['to everybody', ['255.255.255.255']],
  ])('%s is not called', async (_, addresses) => {
    const { asked, resolve } = changing(addresses);
    const url = 'ws://agent.example.com/';
    expect(await faultOf(openAgentSocket({ ...handshake, url, resolve, allowPrivate: false }))).toBe(
      'private-address',
    );
    expect(asked).toEqual(['agent.example.com']);
  });

  test('nowhere is told as not found', async () => {
    const { resolve } = changing([]);
    expect(await faultOf(openAgentSocket({ ...handshake, url: 'ws://agent.example.com/', resolve }))).toBe(
      'unreachable',
    );
  });
});

test.each([
  'ws://[::ffff:169.254.169.254]/',
  'ws://[::ffff:7f00:1]/',
  'ws://[64:ff9b::7f00:1]/',
  'ws://2130706433/',
  'ws://0x7f.1/',
  'ws://0/',
  'ws://169.254.170.2/v2/credentials',
])('%s is private, however it is written, and no name to be looked up', async (url) => {
  const { asked, resolve } = changing(['93.184.215.14']);
  expect(await faultOf(openAgentSocket({ ...handshake, url, resolve, allowPrivate: false }))).toBe(
    'private-address',
  );
  expect(asked).toEqual([]);
});
