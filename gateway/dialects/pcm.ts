import { createHmac } from 'node:crypto';
import { PCM_PROTOCOL, PcmFromAgent, type PcmToAgent } from '../../contracts/agent-media/pcm.ts';
import type { AgentSessionRequest } from '../../contracts/agent-media/session.ts';
import {
  type Dialect,
  type DialectParts,
  keysFull,
  marksFull,
  noTelephoneEvent,
  queueFull,
  type Refusal,
  type Speaker,
} from './dialect.ts';
import { jsonOf } from './json-of.ts';

export const pcm = ({ agent, callId }: AgentSessionRequest): Dialect => ({
  format: { encoding: 'pcm16le', rate: agent.rate },
  bytesPerSecond: agent.rate * 2,
  get headers() {
    return { 'X-Trunkline-Call': callId, ...signed(agent, callId) };
  },
  subprotocol: PCM_PROTOCOL,
  speak: (parts) => speaker(parts),
});

/** HMAC-SHA256 of the moment (s since 1970), the call and the URL: nobody else can call the agent so, nor with an old handshake. */
function signed({ hmac, url }: AgentSessionRequest['agent'], callId: string): Record<string, string> {
  if (hmac === undefined) return {};
  const seconds = Math.floor(Date.now() / 1_000);
  const digest = createHmac('sha256', hmac).update(`${seconds}.${callId}.${url}`).digest('hex');
  return { 'X-Trunkline-Signature': `t=${seconds},v1=${digest}` };
}

function speaker({ request, send, call, reconnected }: DialectParts): Speaker {
  const say = (message: PcmToAgent, taken?: () => void) => send(JSON.stringify(message), taken);
  const { agent, callId, headers, parameters, traceparent } = request;
  return {
    begin: () =>
      say({
        ...{ type: 'start', protocol: PCM_PROTOCOL, callId, ...request.call, headers, parameters },
        ...(traceparent === undefined ? {} : { traceparent }),
        ...{ rate: agent.rate, reconnected },
      }),
    audio: (frame) => send(frame),
    digit: (digit, taken) => say({ type: 'dtmf', digit }, taken),
    mark: (name, played) => say({ type: 'mark', name, played }),
    speech: (state) => say({ type: 'speech', state }),
    quality: ({ packetsLost, packetsLate, jitterMs, queuedMs }) =>
      say({ type: 'quality', lostPackets: packetsLost, latePackets: packetsLate, jitterMs, queuedMs }),
    end: (reason) => say({ type: 'stop', reason }),
    refuse: (refusal) => say({ type: 'error', ...refusal }),
    hear(message, isBinary) {
      if (isBinary) return hearAudio(message, call);
      const { value, fault } = jsonOf(message, PcmFromAgent);
      if (value === undefined) return { code: 'unreadable', message: fault };
      return obey(value, call);
    },
  };
}

function hearAudio(audio: Buffer, call: DialectParts['call']): Refusal | undefined {
  if (audio.length % 2 !== 0) {
    const message = `${audio.length} bytes are no whole number of 16-bit samples: send two bytes a sample`;
    return { code: 'odd-length', message };
  }
  return call.play(audio) === 'full' ? queueFull : undefined;
}

function obey(message: PcmFromAgent, call: DialectParts['call']): Refusal | undefined {
  if (message.type === 'mark') return call.mark(message.name) === 'full' ? marksFull : undefined;
  if (message.type === 'dtmf') return keysRefused[call.press(message.digits, message.durationMs)];
  if (message.type === 'clear') call.clear();
  else if (message.type === 'transfer') call.tell({ type: 'transfer', to: message.to });
  else if (message.type === 'hangup')
    call.tell({ type: 'hangup', ...(message.reason === undefined ? {} : { reason: message.reason }) });
  else call.tell({ type: message.type });
  return undefined;
}

const keysRefused = {
  queued: undefined,
  full: keysFull,
  'no-telephone-event': noTelephoneEvent,
} as const;
