import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compactDecrypt, exportJWK, generateKeyPair } from 'jose';
import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../contracts/config.ts';
import { freePort } from '../../local/free-ports.ts';
import { tone } from '../../local/phone/audio.ts';
import { count } from '../../local/phone/digit-count.ts';
import { pressDigits, startDigitAgent, type TimedEvent } from '../../local/phone/digit-load.ts';
import { type DigitPhones, openDigitPhones } from '../../local/phone/digit-phones.ts';
import { heardLogger } from '../edge-node/heard-logger.ts';
import { type DigitAgent, digitAgent, digitCaller } from './digit-peer.ts';
import { type Platform, routeTo, startPlatform } from './platform.ts';
import { sayOnBus } from './say-on-bus.ts';

const numbers = { pin: '+15550101', card: '+15550102', load: '+15550103' };
const CARD = '49291234567';
const talk = tone(400, 1_000, 0.1);
const log = heardLogger();
const vault = await generateKeyPair('RSA-OAEP-256', { extractable: true });

let platform: Platform;
let sipPort: number;
let phones: DigitPhones;
let loadAgent: Awaited<ReturnType<typeof startDigitAgent>>;
let agent: DigitAgent;

beforeAll(async () => {
  sipPort = await freePort();
  phones = await openDigitPhones();
  loadAgent = await startDigitAgent(phones);
  agent = await digitAgent(sipPort);
  const key = { ...(await exportJWK(vault.publicKey)), alg: 'RSA-OAEP-256' };
  const targets = (port: number) => [{ uri: `sip:agent@127.0.0.1:${port}` }];
  platform = await startPlatform({
    sipPort,
    logger: log.logger,
    config: {
      ...routeTo([]),
      numbers: Object.fromEntries(Object.entries(numbers).map(([name, number]) => [number, { agent: name }])),
      agents: {
        pin: { targets: targets(agent.peer.port), policy: 'tested', collect: 'pin' },
        card: { targets: targets(agent.peer.port), policy: 'tested', collect: 'card' },
        load: { targets: targets(loadAgent.port) },
      },
      collections: {
        pin: { maxLength: 8, terminator: '#', pattern: '\\d{4}', attempts: 2, otherwise: 'hangup' },
        card: { maxLength: 11, minLength: 11, secret: true, key: 'vault', totalMs: 60_000 },
      },
      keys: { vault: key as NonNullable<RoutingConfigInput['keys']>[string] },
    },
  });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  for (const part of [agent, loadAgent, phones]) await part?.[Symbol.asyncDispose]();
});

/** A call whose agent's collection has begun. */
async function asked(number: string) {
  const answering = agent.answer(talk);
  const answered = platform.next('call.answered');
  const applied = platform.next('command.applied', ({ command }) => command === 'call.collect');
  const caller = await digitCaller(sipPort, number, { audio: talk });
  await answering;
  const { callId } = await answered;
  await applied;
  return { caller, callId };
}

test('what an agent asks for is collected, and call.send-dtmf sends digits to it', async () => {
  const { caller, callId } = await asked(numbers.pin);
  await using _caller = caller;
  const collected = platform.next('dtmf.collected');
  caller.rtp.press('12#4711#');
  expect(await collected).toMatchObject({ name: 'pin', outcome: 'complete', digits: '4711', attempts: 2 });
  await expect.poll(async () => (await agent.rtp.report()).digits).toBe('12#4711#');
  const id = ulid();
  const sent = platform.next('dtmf.delivered', ({ commandId, digit }) => commandId === id && digit === '0');
  await sayOnBus(platform.env, 'call.send-dtmf', {
    ...{ version: 1, id, type: 'call.send-dtmf', callId, leg: 'a', digits: '90', durationMs: 120 },
  });
  await sent;
  await expect.poll(async () => (await caller.rtp.report()).digits).toBe('90');
  const ended = platform.next('call.ended');
  await caller.hangUp();
  expect((await ended).digits).toEqual({ received: 8, delivered: 8, gap: 0 });
});

test('who presses nothing that fits is hung up, where the configuration says so', async () => {
  const { caller } = await asked(numbers.pin);
  await using _caller = caller;
  const [collected, ended] = [platform.next('dtmf.collected'), platform.next('call.ended')];
  caller.rtp.press('1#2#');
  expect(await collected).toMatchObject({ outcome: 'failed', reason: 'no-match', attempts: 2 });
  expect(await ended).toMatchObject({ reason: 'hung-up-by-command' });
});

test('a secret is nowhere: not at the agent, on the bus, in the journal, the log, the state or a capture', async () => {
  const before = (await agent.rtp.report()).digits;
  const { caller, callId } = await asked(numbers.card);
  await using _caller = caller;
  const { TRUNKLINE_DATA_DIR: dataDir } = platform.env.edgeEnvironment;
  const collected = platform.next('dtmf.collected');
  caller.rtp.press(CARD);
  const { encrypted = '', ...result } = await collected;
  expect(result).toMatchObject({ name: 'card', outcome: 'complete', attempts: 1 });
  const journal = await everythingIn(dataDir);
  const captures = (await readdir(join(platform.env.rtpengine.recordingDir, 'pcaps'))).filter((name) =>
    name.startsWith(callId),
  );
  expect(captures).toEqual([]);

  // Once the gate is open again, digits go through as ever.
  const next = platform.next('dtmf.delivered');
  const released = /rtpengine_request_seconds_count\{command="unblockDTMF",outcome="ok"\} 1/;
  await expect.poll(() => platform.metrics()).toMatch(released);
  caller.rtp.press('7');
  expect(await next).toMatchObject({ digit: '7', leg: 'b' });
  await expect.poll(async () => (await agent.rtp.report()).digits.slice(before.length)).toBe('7');
  await caller.hangUp();
  await platform.env.settled();

  const events = platform.said(callId);
  const pressed = events.flatMap((event) => (event.type === 'dtmf.received' ? [event.digit] : []));
  expect(pressed).toEqual([...Array(11).fill(undefined), '7']);
  const state = await platform.env.state.call(callId);
  expect(state?.ended?.digits).toEqual({ received: 12, delivered: 1, gap: 0 });
  const texts = {
    bus: JSON.stringify(events),
    log: JSON.stringify(log.lines),
    state: JSON.stringify(state),
    journal: journal + (await everythingIn(dataDir)),
  };
  for (const [where, text] of Object.entries(texts)) expect(`${where}: ${traceIn(text)}`).toBe(`${where}: `);
  const { plaintext } = await compactDecrypt(encrypted, vault.privateKey);
  expect(JSON.parse(new TextDecoder().decode(plaintext))).toMatchObject({ callId, digits: CARD });
});

/** Six digits of the secret in a row: fewer turn up by chance in times and ports. */
const traceIn = (text: string) =>
  Array.from({ length: CARD.length - 5 }, (_, from) => CARD.slice(from, from + 6)).find((part) =>
    text.includes(part),
  ) ?? '';

async function everythingIn(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = files
    .filter((file) => file.isFile())
    .map((file) => readFile(join(file.parentPath, file.name), 'latin1').catch(() => ''));
  return (await Promise.all(texts)).join('\n');
}

test('ten calls at once, their packets lost, doubled, out of order and late: received is delivered is heard, no gap', async () => {
  const how = { heldFrames: 4, gapFrames: 4, troubled: true };
  const load = { calls: 10, digitsPerCall: 15, how, spareMs: 4_500 };
  const before = platform.env.events().length;
  const result = await pressDigits(platform.env, phones, load, numbers.load);
  await platform.env.settled();
  const events = platform.env.events().slice(before);
  const said = events.map(({ detail }) => ({ event: detail as TimedEvent['event'], at: 0 }));
  const { toBusMs: _bus, toAgentMs: _agentMs, ...counted } = count(result, said);
  expect(counted).toEqual({
    ...{ pressed: 150, heard: 150, callsHeardRight: 10, received: 150, delivered: 150, gap: 0 },
    holds: true,
  });
  expect(await platform.metrics()).toContain('trunkline_dtmf_log_lost 0');
});
