import pino from 'pino';
import { ulid } from 'ulid';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AgentHappening, AgentSessionRequest } from '../../contracts/agent-media/session.ts';
import { systemClock } from '../../gateway/media/clock.ts';
import { Pacer } from '../../gateway/media/pacer.ts';
import { Session } from '../../gateway/session.ts';
import { type AnAgent, anAgent } from './an-agent.ts';
import { anRtpPeer } from './media/an-rtp-peer.ts';

let agent: AnAgent;
let caller: Awaited<ReturnType<typeof anRtpPeer>>;

beforeEach(async () => {
  agent = await anAgent();
  caller = await anRtpPeer();
});
afterEach(async () => {
  await agent[Symbol.asyncDispose]();
  await caller[Symbol.asyncDispose]();
});

const open = (tell: (happening: AgentHappening) => void) =>
  Session.open({
    request: AgentSessionRequest.parse({
      ...{ callId: ulid(), sdp: caller.offer(), call: { from: '+15550199', to: '+15550100' } },
      agent: { url: agent.url, dialect: 'pcm' },
    }),
    ...{ address: '127.0.0.1', ports: { min: 0, max: 0 }, clock: systemClock, pacer: new Pacer(systemClock) },
    ...{ maxQueueMs: 1_000, silenceMs: 5_000, allowPrivate: true, ca: undefined, tell },
    logger: pino({ level: 'silent' }),
  });

test('a message on which the gateway fails ends that session, and nothing else', async () => {
  const told: AgentHappening[] = [];
  await using _ = await open((happening) => {
    if (happening.type === 'hold') throw new Error('a bug');
    told.push(happening);
  });
  agent.sockets[0]?.connection.sendUTF('{"type":"hold"}');
  await agent.until(() => agent.sockets[0]?.said.at(-1)?.['type'] === 'stop');
  expect(told).toMatchObject([{ type: 'failed', fault: 'disconnected' }]);
});
