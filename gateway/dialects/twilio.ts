import { createHash, createHmac } from 'node:crypto';
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
const sidOf = (kind: 'CA' | 'MZ', callId: string) =>
  kind + createHash('sha256').update(`${kind} ${callId}`).digest('hex').slice(0, 32);

export const callSidOf = (callId: string): string => sidOf('CA', callId);

export const twilio = ({ agent, callId }: AgentSessionRequest): Dialect => ({
  format: { encoding: 'mulaw', rate: 8_000 },
  headers: agent.account ? { 'X-Twilio-Signature': signatureOf(agent.url, agent.account.authToken) } : {},
  subprotocol: undefined,
  speak: (parts) => speaker(parts, sidOf('MZ', callId)),
});

/** HMAC-SHA1 of the URL (https://www.twilio.com/docs/usage/security#validating-requests): a handshake has no parameters. */
const signatureOf = (url: string, authToken: string) =>
  createHmac('sha1', authToken).update(url).digest('base64');

function speaker({ request, send, call, reconnected }: DialectParts, streamSid: string): Speaker {
  const { agent, callId, parameters, headers } = request;
  const accountSid = agent.account?.sid ?? NO_ACCOUNT;
  const callSid = callSidOf(callId);
  let sequence = 0;
  let chunk = 0;
  const say = (event: string, more: object, taken?: () => void) => {
    sequence += 1;
    send(JSON.stringify({ event, sequenceNumber: String(sequence), ...more, streamSid }), taken);
  };
  const facts = {
    ...headers,
    ...{ from: request.call.from, to: request.call.to, callId },
    ...(reconnected ? { reconnected: 'true' } : {}),
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
      const payload = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('base64');
      say('media', {
        media: { track: 'inbound', chunk: String(chunk), timestamp: String(timestampMs), payload },
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
  return call.play(Buffer.from(payload, 'base64')) === 'full' ? queueFull : undefined;
}
