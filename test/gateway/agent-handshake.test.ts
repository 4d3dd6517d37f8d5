import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import pino from 'pino';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEcho } from '../../examples/agents/echo/echo.ts';
import { isSigned } from '../../examples/agents/echo/signature.ts';
import { type Gateway, startGateway } from '../../gateway/gateway.ts';
import { readSettings } from '../../gateway/settings.ts';
import { anAgent } from './an-agent.ts';
import { anRtpPeer } from './media/an-rtp-peer.ts';

/* What an agent sees of us before it takes a call. */

const secret = 'a-secret-of-this-test-alone';
let gateway: Gateway;
let caller: Awaited<ReturnType<typeof anRtpPeer>>;

beforeAll(async () => {
  const settings = readSettings({
    ...{ GATEWAY_THREADS: 1, GATEWAY_PRIVATE_AGENTS: 'allow', LOG_LEVEL: 'silent' },
  });
  gateway = await startGateway(settings, { logger: pino({ level: 'silent' }) });
  caller = await anRtpPeer();
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await caller?.[Symbol.asyncDispose]();
});

async function call(agent: object, callId = ulid()) {
  const body = { callId, sdp: caller.offer(), agent, call: { from: '+15550199', to: '+15550100' } };
  const answered = await fetch(`${gateway.url}/sessions`, { method: 'POST', body: JSON.stringify(body) });
  return { status: answered.status, ...((await answered.json()) as { fault?: string; error?: string }) };
}

describe('a signature', () => {
  test('stands in the handshake: the moment, and the HMAC of moment, call and URL', async () => {
    await using agent = await anAgent();
    const callId = ulid();
    const before = Math.floor(Date.now() / 1_000);
    expect(await call({ url: agent.url, dialect: 'pcm', hmac: secret }, callId)).toMatchObject({
      status: 201,
    });
    const { headers } = agent.sockets[0]?.handshake ?? { headers: {} as IncomingHttpHeaders };
    expect(headers['x-trunkline-call']).toBe(callId);
    const [, seconds, digest] =
      /^t=(\d+),v1=([0-9a-f]+)$/.exec(String(headers['x-trunkline-signature'])) ?? [];
    expect(digest).toBe(
      createHmac('sha256', secret).update(`${seconds}.${callId}.${agent.url}`).digest('hex'),
    );
    expect(Number(seconds)).toBeGreaterThanOrEqual(before);
    expect(Number(seconds)).toBeLessThanOrEqual(Date.now() / 1_000);
  });

  test('is not there without a secret, nor is the secret anywhere', async () => {
    await using agent = await anAgent();
    await call({ url: agent.url, dialect: 'pcm' });
    await call({ url: agent.url, dialect: 'pcm', hmac: secret });
    await agent.until(() => agent.sockets.every(({ said }) => said.length > 0) && agent.sockets.length === 2);
    const [unsigned, signed] = agent.sockets.map(({ handshake }) => handshake.headers);
    expect(unsigned?.['x-trunkline-signature']).toBeUndefined();
    expect(signed?.['x-trunkline-signature']).toBeDefined();
    const heard = agent.sockets.map(({ said, handshake }) => [said, handshake.rawHeaders]);
    expect(JSON.stringify(heard)).not.toContain(secret);
  });

  test('is made anew when a broken socket is opened again: an agent that looks at the moment takes it', async () => {
    await using agent = await anAgent();
    await call({ url: agent.url, dialect: 'pcm', hmac: secret });
    const { handshake } = agent.sockets[0] ?? {};
    const first = String(handshake?.headers['x-trunkline-signature']);
    const secondOf = (text: string) => Number(/t=(\d+)/.exec(text)?.[1]);
    await expect.poll(() => Math.floor(Date.now() / 1_000)).toBeGreaterThan(secondOf(first));
    agent.sockets[0]?.connection.drop(1_011, 'crash');
    await agent.until(() => agent.sockets.length === 2);
    const headers = agent.sockets[1]?.handshake.headers ?? {};
    expect(secondOf(String(headers['x-trunkline-signature']))).toBeGreaterThan(secondOf(first));
    expect(isSigned(headers, { url: agent.url, secret })).toBe(true);
  });

  test('lets the example take the call, and another secret or none does not', async () => {
    await using echo = await startEcho({ hmac: secret });
    expect(await call({ url: echo.pcm, dialect: 'pcm', hmac: secret })).toMatchObject({ status: 201 });
    for (const own of [{}, { hmac: 'a-secret-of-somebody-else' }])
      expect(await call({ url: echo.pcm, dialect: 'pcm', ...own })).toMatchObject({
        ...{ status: 502, fault: 'refused', error: expect.stringContaining('401') },
      });
    expect(await call({ url: echo.twilio, dialect: 'twilio' })).toMatchObject({ status: 201 });
  });

  test('that is shorter than a secret should be is refused before anybody is called', async () => {
    await using agent = await anAgent();
    const refused = await call({ url: agent.url, dialect: 'pcm', hmac: 'short' });
    expect(refused).toMatchObject({ status: 400, error: expect.stringContaining('agent.hmac: ') });
    expect(refused.error).not.toContain('short"');
    expect(agent.sockets).toEqual([]);
  });
});

describe("the example's check", () => {
  const url = 'wss://agent.example.com/call';
  const now = Date.parse('2026-01-01T00:00:00Z');
  const headersOf = ({ at = now, callId = '01KG9YS7G0XP7CFC7J2SPVFN2P', of = url, by = secret } = {}) => {
    const seconds = Math.floor(at / 1_000);
    const digest = createHmac('sha256', by).update(`${seconds}.${callId}.${of}`).digest('hex');
    return { 'x-trunkline-call': callId, 'x-trunkline-signature': `t=${seconds},v1=${digest}` };
  };
  const isTaken = (headers: Record<string, string>) => isSigned(headers, { url, secret, now });

  test('takes what was signed with its secret just now, whichever clock is late', () => {
    for (const at of [now, now - 290_000, now + 290_000]) expect(isTaken(headersOf({ at }))).toBe(true);
  });

  test.each<[string, Record<string, string>]>([
    ['of another secret', headersOf({ by: 'another-secret-than-ours' })],
    ['of another URL', headersOf({ of: 'wss://agent.example.com/other' })],
    ['of another call', { ...headersOf(), 'x-trunkline-call': '01KG9YS7G0XP7CFC7J2SPVFN2Q' }],
    ['of an hour ago', headersOf({ at: now - 3_600_000 })],
    ['of an hour from now', headersOf({ at: now + 3_600_000 })],
    ['that is none', { 'x-trunkline-signature': 'v1=00' }],
    ['that is missing', {}],
  ])('refuses a signature %s', (_, headers) => expect(isTaken(headers)).toBe(false));
});
