import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { AgentSessionRequest } from '../../contracts/agent-media/session.ts';
import { TwilioFromAgent } from '../../contracts/agent-media/twilio.ts';
import {
  type Dialect,
  type DialectParts,
  marksFull,
  queueFull,
  type Refusal,
  type Speaker,
} from './dialect.ts';
import { jsonOf } from './json-of.ts';

/** Of an account that signs nothing. */
const NO_ACCOUNT = `AC${'0'.repeat(32)}`;

/** A name of 34 characters as agents expect it, which says nothing of the call but is the same for the same one. */
export const callSidOf = (callId: string): string =>
  `CA${createHash('sha256').update(`CA ${callId}`).digest('hex').slice(0, 32)}`;

/** Each socket carries a stream of its own: what was meant for one before it is told by that. */
const newStreamSid = () => `MZ${randomBytes(16).toString('hex')}`;

/** 50 messages of 20 ms: 216 characters of base64, and what is around them. */
const BYTES_PER_SECOND = 50 * 400;

/** `restUrl`: where the agent ends its call, for this gateway alone knows of it. */
export const twilio = ({ agent }: AgentSessionRequest, restUrl?: string): Dialect => ({
  format: { encoding: 'mulaw', rate: 8_000 },
  bytesPerSecond: BYTES_PER_SECOND,
  headers: agent.account ? { 'X-Twilio-Signature': signatureOf(agent.url, agent.account.authToken) } : {},
  subprotocol: undefined,
  speak: (parts) => speaker(parts, newStreamSid(), restUrl),
});

/** HMAC-SHA1 of the URL (https://www.twilio.com/docs/usage/security#validating-requests): a handshake has no parameters. */
const signatureOf = (url: string, authToken: string) =>
  createHmac('sha1', authToken).update(url).digest('base64');

function speaker(
  { request, send, call, reconnected }: DialectParts,
  streamSid: string,
  restUrl: string | undefined,
): Speaker {
  const { agent, callId, parameters, headers } = request;
  const accountSid = agent.account?.sid ?? NO_ACCOUNT;
  const callSid = callSidOf(callId);
  let sequence = 0;
  let chunk = 0;
  /** Of the first frame of this stream, where its time begins. */
  let origin: number | undefined;
  const say = (event: string, more: object, taken?: () => void) => {
    sequence += 1;
    send(JSON.stringify({ event, sequenceNumber: String(sequence), ...more, streamSid }), taken);
  };
  const facts = {
    ...headers,
    ...{ from: request.call.from, to: request.call.to, callId },
    ...(reconnected ? { reconnected: 'true' } : {}),
    ...(restUrl === undefined ? {} : { restUrl }),
    ...parameters,
  };
  return {
    begin() {
      send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }));
      const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8_000, channels: 1 };
      const start = {
        accountSid,
        streamSid,
        callSid,
        tracks: ['inbound'],
        mediaFormat,
        customParameters: facts,
      };
      say('start', { start });
    },
    audio(frame, timestampMs) {
      chunk += 1;
      origin ??= timestampMs;
      const payload = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('base64');
      say('media', {
        media: { track: 'inbound', chunk: String(chunk), timestamp: String(timestampMs - origin), payload },
      });
    },
    digit: (digit, taken) => say('dtmf', { dtmf: { track: 'inbound_track', digit } }, taken),
    mark: (name) => say('mark', { mark: { name } }),
    // The dialect has no word for these.
    speech() {},
    quality() {},
    refuse() {},
    end: () => say('stop', { stop: { accountSid, callSid } }),
    hear(message, isBinary) {
      if (isBinary)
        return { code: 'unreadable', message: 'this dialect has text frames only: send base64 in media' };
      const { value, fault } = jsonOf(message, TwilioFromAgent);
      if (value === undefined) return { code: 'unreadable', message: fault };
      if (value.streamSid !== streamSid)
        return { code: 'wrong-stream', message: `streamSid must be ${streamSid}, as start said` };
      if (value.event === 'mark') return call.mark(value.mark.name) === 'full' ? marksFull : undefined;
      if (value.event === 'clear') call.clear();
      else return hearAudio(value.media.payload, call);
      return undefined;
    },
  };
}

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

function hearAudio(payload: string, call: DialectParts['call']): Refusal | undefined {
  if (!base64.test(payload))
    return {
      code: 'not-audio',
      message: 'media.payload must be base64 of mu-law at 8 kHz, without a header',
    };
  const audio = Buffer.from(payload, 'base64');
  if (isWave(audio))
    return {
      code: 'not-audio',
      message: 'media.payload begins with the header of a WAV file: send its mu-law samples alone, at 8 kHz',
    };
  return call.play(audio) === 'full' ? queueFull : undefined;
}

/** A file is no stream: its header would be heard as noise, and its samples are seldom mu-law. */
const isWave = (audio: Buffer) =>
  audio.toString('latin1', 0, 4) === 'RIFF' && audio.toString('latin1', 8, 12) === 'WAVE';
