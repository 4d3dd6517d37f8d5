import pino from 'pino';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { AgentSessionRequest } from '../../contracts/agent-media/session.ts';
import { openDesk } from '../../gateway/desk.ts';
import { readSettings } from '../../gateway/settings.ts';
import { anAgent } from './an-agent.ts';
import { anRtpPeer } from './media/an-rtp-peer.ts';

test('a session that no edge follows is ended; one that is followed stays', async () => {
  await using agent = await anAgent();
  await using caller = await anRtpPeer();
  const { media } = readSettings({ GATEWAY_PRIVATE_AGENTS: 'allow' });
  await using desk = await openDesk({
    ...{ threads: 1, maxSessions: 10, media, logLevel: 'silent', aloneMs: 300 },
    logger: pino({ level: 'silent' }),
  });
  const open = async () => {
    const outcome = await desk.open(
      AgentSessionRequest.parse({
        ...{ callId: ulid(), sdp: caller.offer(), call: { from: '+15550199', to: '+15550100' } },
        agent: { url: agent.url, dialect: 'pcm' },
      }),
    );
    return 'sessionId' in outcome ? outcome.sessionId : expect.fail(outcome.message);
  };
  const followed = await open();
  const heard: string[] = [];
  const leave = desk.happenings(followed)?.follow(0, ({ type }) => void heard.push(type));
  const abandoned = await open();
  await expect.poll(() => desk.happenings(abandoned)).toBeUndefined();
  await agent.until(() => agent.sockets[1]?.said.at(-1)?.['type'] === 'stop');
  expect([desk.sessions, desk.happenings(followed) !== undefined]).toEqual([1, true]);
  leave?.();
  await expect.poll(() => desk.sessions).toBe(0);
});
