import type { CallReceived } from '../../contracts/events/call.ts';
import type { EventOf } from '../../contracts/events.ts';
import { systemClock } from '../../edge-node/clock.ts';

const envelope = () => ({
  version: 1 as const,
  id: systemClock.newId(),
  callId: systemClock.newId(),
  seq: 0,
  time: new Date().toISOString(),
  edge: { id: 'edge-1', region: 'eu-west-1', epoch: 1 },
});

export const aReceivedCall = (but: Partial<CallReceived> = {}): CallReceived => ({
  ...envelope(),
  type: 'call.received',
  trunk: 'carrier',
  from: { uri: 'sip:alice@192.0.2.1', number: 'alice' },
  to: { uri: 'sip:+15550100@192.0.2.2', number: '+15550100' },
  sipCallId: 'a84b4c76e66710',
  source: { address: '192.0.2.1', port: 5060, transport: 'udp' },
  offer: { codecs: ['PCMU'], dtmf: true, encrypted: false },
  ...but,
});

export const aRinging = (but: Partial<EventOf<'call.ringing'>> = {}): EventOf<'call.ringing'> => ({
  ...envelope(),
  type: 'call.ringing',
  target: 'agent-1',
  sipStatus: 180,
  ...but,
});

export const anAnswered = (but: Partial<EventOf<'call.answered'>> = {}): EventOf<'call.answered'> => ({
  ...envelope(),
  type: 'call.answered',
  target: 'agent-1',
  setupMs: 120,
  decisionMs: 60,
  codecs: { a: 'PCMU', b: 'PCMU' },
  transcoded: false,
  ...but,
});

export const anAttemptFailed = (
  but: Partial<EventOf<'call.attempt-failed'>> = {},
): EventOf<'call.attempt-failed'> => ({
  ...envelope(),
  type: 'call.attempt-failed',
  target: 'carrier-1',
  reason: 'target-error',
  sipStatus: 500,
  durationMs: 42,
  tryingNext: true,
  ...but,
});

export const anEnded = (but: Partial<EventOf<'call.ended'>> = {}): EventOf<'call.ended'> => ({
  ...envelope(),
  type: 'call.ended',
  reason: 'caller-hangup',
  blame: 'caller',
  sipStatus: 200,
  durationMs: 2_000,
  talkMs: 1_000,
  media: null,
  digits: { received: 0, delivered: 0, gap: 0 },
  ...but,
});

type DigitEvent = EventOf<'dtmf.received' | 'dtmf.delivered' | 'dtmf.delivery-gap'>;
type Said<E> = E extends DigitEvent ? Omit<E, keyof ReturnType<typeof envelope>> : never;

export const aDigit = (said: Said<DigitEvent>): DigitEvent => ({ ...envelope(), ...said }) as DigitEvent;
