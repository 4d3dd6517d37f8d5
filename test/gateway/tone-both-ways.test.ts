import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gateway, startGateway } from '../../gateway/gateway.ts';
import { pcmu } from '../../gateway/media/g711.ts';
import { readSettings } from '../../gateway/settings.ts';
import { loudness, tone, toneShare } from '../../local/phone/audio.ts';
import { aSession } from './a-session.ts';
import { type AnAgent, anAgent } from './an-agent.ts';
import { anRtpPeer } from './media/an-rtp-peer.ts';

/* A tone of 1 kHz, as loud at the other end as it was said and without a hole, in every 20 ms of it. */

let gateway: Gateway;
beforeAll(async () => {
  const settings = readSettings({
    ...{ GATEWAY_THREADS: 1, GATEWAY_PRIVATE_AGENTS: 'allow', LOG_LEVEL: 'silent' },
  });
  gateway = await startGateway(settings, { logger: pino({ level: 'silent' }) });
});
afterAll(() => gateway?.[Symbol.asyncDispose]());

const HZ = 1_000;
const MS = 600;
const said = tone(HZ, MS);

const samplesOf = (bytes: Buffer) =>
  Int16Array.from({ length: bytes.length >> 1 }, (_, at) => bytes.readInt16LE(2 * at));

/** What the agent has heard so far, at its rate. */
const heardBy = ({ said: messages, binary }: AnAgent['sockets'][number]) =>
  binary.length > 0
    ? samplesOf(Buffer.concat(binary))
    : pcmu.decode(
        Buffer.concat(
          messages
            .filter(({ event }) => event === 'media')
            .map(({ media }) => Buffer.from((media as { payload: string }).payload, 'base64')),
        ),
      );

/** Level against what was said, dB, of each 20 ms of it; what is concealed after its end is not of it. */
function levels(heard: Int16Array, rate: number): number[] {
  const frame = rate / 50;
  const from = heard.findIndex((sample) => Math.abs(sample) > 1_000);
  return Array.from({ length: MS / 20 }, (_, index) => {
    const part = heard.subarray(from + index * frame, from + (index + 1) * frame);
    return 20 * Math.log10(loudness(part) / loudness(said));
  });
}

function expectWhole(heard: Int16Array, rate: number): void {
  // Where it begins and ends a resampler rings.
  const inside = levels(heard, rate).slice(1, -1);
  expect(Math.min(...inside)).toBeGreaterThan(-1);
  expect(Math.max(...inside)).toBeLessThan(1);
  const from = heard.findIndex((sample) => Math.abs(sample) > 1_000) + rate / 50;
  expect(toneShare(heard.subarray(from, from + (rate * (MS - 60)) / 1_000), HZ, rate)).toBeGreaterThan(0.98);
}

const loud = (samples: Int16Array) => samples.filter((sample) => Math.abs(sample) > 1_000).length;

describe.each([
  ['pcm', 8_000],
  ['pcm', 16_000],
  ['pcm', 24_000],
  ['twilio', 8_000],
] as const)('a tone by %s at %i Hz', (dialect, rate) => {
  test('reaches the agent whole, and comes back whole from one that says it again', async () => {
    await using agent = await anAgent(dialect === 'twilio' ? { protocol: null } : {});
    await using caller = await anRtpPeer();
    const session = await aSession(gateway.url, caller, { url: agent.url, dialect, rate, reconnects: 0 });
    await agent.until(() => (agent.sockets[0]?.said.length ?? 0) > 0);
    const socket = agent.sockets[0];
    if (!socket) throw new Error('the agent was not called');
    socket.connection.on('message', (message) => {
      if (message.type === 'binary') return socket.connection.sendBytes(message.binaryData);
      const { event, streamSid, media } = JSON.parse(message.utf8Data);
      if (event === 'media')
        socket.connection.sendUTF(JSON.stringify({ event, streamSid, media: { payload: media.payload } }));
    });
    for (let at = 0; at < said.length; at += 160) caller.speak(said.subarray(at, at + 160), session.port);
    const enough = loud(said);
    await agent.until(() => loud(heardBy(socket)) >= (enough * rate * 0.98) / 8_000);
    await caller.until(() => loud(caller.audio()) >= enough * 0.98);
    expectWhole(heardBy(socket), rate);
    expectWhole(caller.audio(), 8_000);
  });
});
