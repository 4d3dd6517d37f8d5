import fc from 'fast-check';
import type { CallReceived } from '../../contracts/events/call.ts';
import type { CallScopedEvent, EventOf } from '../../contracts/events.ts';
import { terminationReasons } from '../../contracts/terminations.ts';
import { terminations } from '../../core/terminations.ts';

export const callId = '01KB3M9T6J0000000000000000';
export const edge = { id: 'edge-1', region: 'eu-central-1', epoch: 1_795_000_000_000 };

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID that sorts by `n`. */
export const ulid = (n: number): string => {
  const digits = [n >> 15, n >> 10, n >> 5, n].map((part) => crockford[part & 31]).join('');
  return `01KB3M9T6K${digits.padStart(16, '0')}`;
};
export const at = (ms: number): string => new Date(1_795_000_000_000 + ms).toISOString();

type SeqEvent = Extract<CallScopedEvent, { seq?: number | undefined }>;
type Payload<T extends SeqEvent['type']> = Omit<
  EventOf<T>,
  'version' | 'id' | 'type' | 'callId' | 'seq' | 'edge' | 'time'
>;

/** What one edge says of one call, in order. */
export interface Story {
  readonly events: CallScopedEvent[];
  say<T extends SeqEvent['type']>(type: T, payload: Payload<T>): Story;
}

export function aStory(): Story {
  const events: CallScopedEvent[] = [];
  const story: Story = {
    events,
    say(type, payload) {
      const seq = events.length;
      const envelope = { version: 1, id: ulid(seq), type, callId, seq, edge, time: at(seq * 20) };
      events.push({ ...envelope, ...payload } as unknown as CallScopedEvent);
      return story;
    },
  };
  return story;
}

export const received: Payload<'call.received'> = {
  trunk: 'carrier',
  from: { uri: 'sip:+15550199@203.0.113.7', number: '+15550199' },
  to: { uri: 'sip:+15550100@192.0.2.1', number: '+15550100' },
  sipCallId: 'a84b4c76e66710',
  source: { address: '203.0.113.7', port: 5060, transport: 'udp' },
  offer: { codecs: ['PCMU', 'PCMA'], dtmf: true, encrypted: false },
};

export function aCallReceived(changes: Partial<CallReceived> = {}): CallReceived {
  const [first] = aStory().say('call.received', { ...received, expiresAt: at(1_500) }).events;
  return { ...(first as CallReceived), ...changes };
}

const originated: Payload<'call.originated'> = {
  commandId: ulid(8_000),
  from: { uri: 'sip:+15550100@localhost', number: '+15550100' },
  to: { uri: 'sip:+15550199@203.0.113.7', number: '+15550199' },
  connect: 'agent desk',
};

const firstAnswered: Payload<'call.leg-answered'> = {
  leg: 'a',
  target: 'carrier-1',
  agent: 'desk',
  targets: [{ id: 'desk-1', uri: 'sip:desk@192.0.2.10' }],
};

const targets = [
  { id: 'desk-1', uri: 'sip:desk@192.0.2.10' },
  { id: 'desk-2', uri: 'sip:desk@192.0.2.11' },
];

export const routed: Payload<'call.routed'> = {
  source: 'live',
  waitMs: 12.5,
  configVersion: 3,
  agent: 'desk',
  targets,
};

export const answered: Payload<'call.answered'> = {
  target: 'desk-1',
  setupMs: 640,
  decisionMs: 12.5,
  codecs: { a: 'PCMU', b: 'PCMU' },
  transcoded: false,
};

export const legMedia = (packets: number): EventOf<'media.quality'>['a'] => ({
  packets,
  bytes: packets * 172,
  codec: 'PCMU',
  lossPercent: 0.5,
  jitterMs: 3,
  mos: 4.38,
  measuredBy: 'rtcp',
});

export const ended = (
  reason: (typeof terminationReasons)[number] = 'caller-hangup',
): Payload<'call.ended'> => ({
  reason,
  blame: terminations[reason].blame,
  sipStatus: terminations[reason].sip,
  durationMs: 61_000,
  talkMs: 60_000,
  media: { a: legMedia(3_000), b: legMedia(2_990) },
  digits: { received: 2, delivered: 2, gap: 0 },
});

/** The end that the control plane tells of a call whose edge is gone. */
export const reapedEnd = (n: number): EventOf<'call.ended'> => ({
  version: 1,
  id: ulid(9_000 + n),
  type: 'call.ended',
  callId,
  time: at(90_000 + n),
  ...ended('edge-lost'),
  detail: `edge edge-1 has been silent for ${30 + n} s`,
});

const talk = fc.array(
  fc.oneof(
    fc.record({
      what: fc.constant('digit' as const),
      digit: fc.constantFrom(...'0123456789*#ABCD'),
      arrives: fc.boolean(),
    }),
    fc.record({
      what: fc.constant('collection' as const),
      id: fc.nat(3),
      outcome: fc.constantFrom('complete', 'timeout'),
    }),
    fc.record({ what: fc.constant('quality' as const), packets: fc.nat(10_000) }),
    fc.record({ what: fc.constant('refused-command' as const) }),
    fc.record({ what: fc.constant('transfer' as const), comesOff: fc.boolean() }),
    fc.record({ what: fc.constant('silence' as const), leg: fc.constantFrom('a' as const, 'b' as const) }),
  ),
  { maxLength: 12 },
);

/** Whole calls as an edge tells them: refused, abandoned while ringing, failed over, or talked. */
export const wholeCalls: fc.Arbitrary<CallScopedEvent[]> = fc
  .record({
    outcome: fc.constantFrom('refused', 'abandoned', 'talked'),
    failures: fc.nat(3),
    rings: fc.nat(2),
    early: fc.boolean(),
    talk,
    reason: fc.constantFrom(...terminationReasons),
    reaped: fc.nat(2),
    byCommand: fc.boolean(),
  })
  .map((plan) => {
    const story = plan.byCommand
      ? aStory().say('call.originated', originated)
      : aStory().say('call.received', received);
    if (plan.outcome === 'refused') {
      story.say('call.routed', {
        source: 'snapshot',
        waitMs: 1_500,
        configVersion: 3,
        targets: [],
        refused: plan.reason,
      });
    } else tellDialling(story, plan);
    if (plan.byCommand && plan.outcome === 'talked') story.say('call.leg-answered', firstAnswered);
    if (plan.outcome === 'talked') tellTalk(story, plan.talk);
    story.say('call.ended', ended(plan.reason));
    return [...story.events, ...Array.from({ length: plan.reaped }, (_, n) => reapedEnd(n))];
  });

function tellDialling(story: Story, plan: { failures: number; rings: number; early: boolean }): void {
  story.say('call.routed', routed);
  for (let n = 0; n <= plan.failures; n += 1) {
    const target = `desk-${n + 1}`;
    for (let ring = 0; ring < plan.rings; ring += 1) story.say('call.ringing', { target, sipStatus: 180 });
    if (plan.early) story.say('call.early-media', { target, sipStatus: 183 });
    if (n === plan.failures) return;
    story.say('call.attempt-failed', {
      target,
      reason: 'target-unavailable',
      sipStatus: 503,
      durationMs: 40 + n,
      tryingNext: true,
    });
  }
}

type Talk = typeof talk extends fc.Arbitrary<infer T> ? T : never;

function tellTalk(story: Story, moments: Talk): void {
  story.say('call.answered', answered).say('media.started', { afterMs: 90 });
  for (const [n, moment] of moments.entries()) {
    if (moment.what === 'quality')
      story.say('media.quality', { a: legMedia(moment.packets), b: legMedia(moment.packets) });
    else if (moment.what === 'refused-command')
      story.say('command.refused', {
        commandId: ulid(500 + n),
        command: 'call.reject',
        reason: 'wrong-state',
        message: 'the call is answered',
      });
    else if (moment.what === 'silence')
      story
        .say('media.one-way', { leg: moment.leg, silentMs: 10_000 + n })
        .say('media.timeout', { leg: moment.leg, silentMs: 30_000 + n, action: 'report' })
        .say('media.resumed', { leg: moment.leg, silentMs: 31_000 + n });
    else if (moment.what === 'transfer') tellTransfer(story, ulid(1_100 + n), moment.comesOff);
    else if (moment.what === 'collection') tellCollection(story, ulid(900 + moment.id), moment.outcome);
    else tellDigit(story, ulid(700 + n), moment.digit, moment.arrives);
  }
}

function tellCollection(story: Story, collectionId: string, outcome: 'complete' | 'timeout'): void {
  const result = outcome === 'complete' ? { digits: '42' } : { reason: 'too-late' as const };
  story.say('dtmf.collected', { collectionId, leg: 'a', name: 'pin', outcome, attempts: 1, ...result });
}

export function tellTransfer(story: Story, transferId: string, comesOff: boolean): void {
  const transfer = { transferId, kind: 'bridged', by: 'command', target: '+15550111' } as const;
  story.say('call.transferring', transfer);
  if (comesOff) story.say('call.transferred', transfer);
  else {
    const why = { sipStatus: 486, failedBy: 'target', detail: '486 Busy Here' } as const;
    story.say('call.transfer-failed', { ...transfer, ...why });
  }
}

export function tellDigit(story: Story, digitId: string, digit: string, arrives = true): void {
  story.say('dtmf.received', { digitId, digit, leg: 'a', durationMs: 100, mode: 'rfc4733' });
  if (arrives) story.say('dtmf.delivered', { digitId, digit, leg: 'b', mode: 'rfc4733' });
  else story.say('dtmf.delivery-gap', { digitId, digit, leg: 'b', reason: 'info-refused' });
}
