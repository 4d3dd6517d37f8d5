import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { ulid } from 'ulid';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AgentSessionRequest } from '../../../contracts/agent-media/session.ts';
import { agentGateways } from '../../../edge-node/adapters/agent-gateway.ts';
import { systemClock } from '../../../edge-node/clock.ts';
import { heardLogger } from '../heard-logger.ts';

const SESSION = ulid();

/** A gateway in the hand of the test: it opens one session, and the test answers whoever follows it. */
async function aGateway() {
  const requests: string[] = [];
  const followers: ServerResponse[] = [];
  let isDeaf = false;
  let status = 200;
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (request.url === '/ready') response.end('{}');
    else if (request.method === 'POST')
      response.writeHead(201).end(JSON.stringify({ sessionId: SESSION, sdp: 'v=0' }));
    else if (request.method === 'DELETE') isDeaf ? response.destroy() : response.end('{}');
    else if (status === 200) {
      response.writeHead(200).flushHeaders();
      followers.push(response);
    } else response.writeHead(status).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    ...{ requests, followers },
    asksFor: () => requests.filter((each) => each.includes('/events')).map((each) => each.split('?')[1]),
    follower: async (index: number) => {
      await expect.poll(() => followers.length).toBeGreaterThan(index);
      return followers[index] as ServerResponse;
    },
    isDeaf: () => {
      isDeaf = true;
    },
    answers: (other: number) => {
      status = other;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

let gateway: Awaited<ReturnType<typeof aGateway>>;
beforeEach(async () => {
  gateway = await aGateway();
});
afterEach(() => gateway.close());

const request = AgentSessionRequest.parse({
  ...{ callId: ulid(), sdp: 'v=0', call: { from: '+15550199', to: '+15550100' } },
  agent: { url: 'wss://agent.example.com/', dialect: 'pcm' },
});

async function followed(deadAfterMs = 30_000) {
  const { logger } = heardLogger();
  await using agents = agentGateways({
    ...{ urls: [gateway.url], token: undefined, deadAfterMs, clock: systemClock, logger },
  });
  const session = await agents.open(request, new AbortController().signal);
  if (!session.ok) throw new Error(session.detail);
  const heard: (string | number)[] = [];
  const over = session.follow((event) => void heard.push(event === 'over' ? 'over' : event.n));
  return { session, heard, over };
}

const line = (n: number, type = 'hold') => `${JSON.stringify({ n, atMs: 0, type })}\n`;

describe('the events of a session', () => {
  test('come on another stream where one breaks, from where it was, each once', async () => {
    const { heard, over } = await followed();
    const first = await gateway.follower(0);
    first.write(line(1) + line(2) + line(3).slice(0, 10));
    await expect.poll(() => heard).toEqual([1, 2]);
    first.destroy();
    const second = await gateway.follower(1);
    second.end(line(3));
    (await gateway.follower(2)).write(line(4, 'ended'));
    await over;
    expect(heard).toEqual([1, 2, 3, 4, 'over']);
    expect(gateway.asksFor()).toEqual(['after=0', 'after=2', 'after=3']);
  });

  test('are over at once where the gateway knows the session no more', async () => {
    const { heard, over } = await followed();
    const first = await gateway.follower(0);
    gateway.answers(404);
    first.destroy();
    await over;
    expect([heard, gateway.asksFor().length]).toEqual([['over'], 2]);
  });

  test('are over where the gateway is gone, after a few tries', async () => {
    const { heard, over } = await followed();
    await gateway.follower(0);
    await gateway.close();
    await over;
    expect(heard).toEqual(['over']);
  });

  test('are asked for anew where a stream shows no life; a sign of life keeps it', async () => {
    const { heard } = await followed(1_000);
    const first = await gateway.follower(0);
    let signs = 0;
    const alive = setInterval(() => {
      signs += 1;
      first.write('{"type":"alive"}\n');
    }, 100);
    await expect.poll(() => signs).toBe(25);
    expect(gateway.followers.length).toBe(1);
    clearInterval(alive);
    (await gateway.follower(1)).write(line(1));
    await expect.poll(() => heard).toEqual([1]);
  });

  test('are left with the session, also where the gateway did not hear of its end', async () => {
    const { session, over } = await followed();
    const first = await gateway.follower(0);
    gateway.isDeaf();
    await session.end('ended');
    await over;
    if (!first.closed) await once(first, 'close');
    expect(gateway.asksFor()).toHaveLength(1);
  });
});

test('what was refused to an agent is told to its gateway', async () => {
  const { session } = await followed();
  await session.refuse({ code: 'wrong-state', message: 'a transfer is on its way' });
  expect(gateway.requests).toContain(`POST /sessions/${SESSION}/refusals`);
});
