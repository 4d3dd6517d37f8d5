import { ulid } from 'ulid';
import type { Command } from '../../contracts/commands.ts';
import { RoutingConfig, type RoutingConfigInput } from '../../contracts/config.ts';
import { AnyEvent, type EventOf, type EventType } from '../../contracts/events.ts';

export const start = Date.parse('2026-01-31T12:00:00.000Z');
export const at = (ms: number) => new Date(start + ms).toISOString();

export const edge = { id: 'edge-1', region: 'eu-central-1', epoch: start - 60_000 };
export const queueUrl = 'https://sqs.eu-central-1.amazonaws.com/111122223333/trunkline-to-edge-1';

const party = (number: string) => ({ uri: `sip:${number}@192.0.2.1`, number });
const legMedia = {
  packets: 500,
  bytes: 80_000,
  codec: 'PCMU',
  lossPercent: 0,
  jitterMs: 1,
  mos: 4.4,
  measuredBy: 'capture',
};

const payloads: Partial<Record<EventType, object>> = {
  'call.received': {
    trunk: 'carrier',
    from: party('+15550199'),
    to: party('+15550100'),
    sipCallId: 'a84b4c76e66710@192.0.2.1',
    source: { address: '192.0.2.1', port: 5060, transport: 'udp' },
    offer: { codecs: ['PCMU', 'PCMA'], dtmf: true, encrypted: false },
  },
  'call.originated': {
    commandId: '01KG9Z0A00Q2K6JNJP8TTQX9AB',
    from: { uri: 'sip:+15550100@localhost', number: '+15550100' },
    to: { uri: 'sip:+15550177@198.51.100.7', number: '+15550177' },
    connect: 'agent echo',
  },
  'call.routed': {
    source: 'live',
    waitMs: 180,
    configVersion: 1,
    agent: 'echo',
    targets: [{ id: 'echo-1', uri: 'sip:echo@192.0.2.9' }],
  },
  'call.ringing': { target: 'echo-1', sipStatus: 180 },
  'call.answered': {
    target: 'echo-1',
    setupMs: 900,
    decisionMs: 180,
    codecs: { a: 'PCMU', b: 'PCMU' },
    transcoded: false,
  },
  'media.started': { afterMs: 40 },
  'dtmf.received': { digit: '5', leg: 'a', durationMs: 160, mode: 'rfc4733' },
  'dtmf.delivered': { digit: '5', leg: 'b', mode: 'rfc4733' },
  'call.ended': {
    reason: 'caller-hangup',
    blame: 'caller',
    sipStatus: 200,
    durationMs: 12_000,
    talkMs: 11_000,
    media: { a: legMedia, b: legMedia },
    digits: { received: 1, delivered: 1, gap: 0 },
  },
  'edge.started': { software: 'trunkline', contacts: [] },
};

/** An event as the edge says it, valid for its schema; whatever stands in `over` replaces the usual. */
export function anEvent<T extends EventType>(type: T, over: object = {}): EventOf<T> {
  const event = {
    version: 1,
    id: ulid(start),
    type,
    callId: ulid(start),
    seq: 0,
    time: at(0),
    edge,
    replyTo: queueUrl,
  };
  return AnyEvent.parse({ ...event, ...payloads[type], ...over }) as EventOf<T>;
}

/** A whole call: received, routed, ringing, answered, media, one digit received and delivered, ended. */
export function aCall(callId = ulid(start)) {
  const digitId = ulid(start);
  const story: readonly EventType[] = [
    'call.received',
    'call.routed',
    'call.ringing',
    'call.answered',
    'media.started',
    'dtmf.received',
    'dtmf.delivered',
    'call.ended',
  ];
  return story.map((type, seq) =>
    anEvent(type, { callId, seq, time: at(seq * 1000), ...(type.startsWith('dtmf') && { digitId }) }),
  );
}

export const aHangup = (over: object = {}): Command =>
  ({ version: 1, id: ulid(), type: 'call.hangup', callId: ulid(), ...over }) as Command;

/** As EventBridge hands it to a function. */
export const onTheBus = (source: string, detailType: string, detail: unknown) => ({
  version: '0',
  id: '7bf73129-1428-4cd3-a780-95db273d1602',
  'detail-type': detailType,
  source,
  account: '111122223333',
  time: at(0),
  region: 'eu-central-1',
  resources: [],
  detail,
});

export const aConfig = (over: Partial<RoutingConfigInput> = {}): RoutingConfig =>
  RoutingConfig.parse({
    version: 1,
    trunks: { carrier: { sources: ['192.0.2.0/24'] } },
    numbers: { '+15550100': { agent: 'echo' } },
    agents: { echo: { targets: [{ uri: 'sip:echo@192.0.2.9' }] } },
    ...over,
  });
