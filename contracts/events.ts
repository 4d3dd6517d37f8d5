import * as z from 'zod';
import * as call from './events/call.ts';
import * as command from './events/command.ts';
import * as dtmf from './events/dtmf.ts';
import * as edge from './events/edge.ts';
import * as media from './events/media.ts';
import * as midCall from './events/mid-call.ts';
import * as originate from './events/originate.ts';
import * as trunk from './events/trunk.ts';
import * as user from './events/user.ts';

/** Every event by its type, which is also its EventBridge `DetailType`. */
export const events = {
  'call.received': call.CallReceived,
  'call.originated': originate.CallOriginated,
  'call.leg-answered': originate.CallLegAnswered,
  'call.routed': call.CallRouted,
  'call.ringing': call.CallRinging,
  'call.early-media': call.CallEarlyMedia,
  'call.attempt-failed': call.CallAttemptFailed,
  'call.answered': call.CallAnswered,
  'call.held': midCall.CallHeld,
  'call.resumed': midCall.CallResumed,
  'call.media-changed': midCall.CallMediaChanged,
  'call.transferring': midCall.CallTransferring,
  'call.transferred': midCall.CallTransferred,
  'call.transfer-failed': midCall.CallTransferFailed,
  'call.ended': call.CallEnded,
  'media.started': media.MediaStarted,
  'media.quality': media.MediaQuality,
  'media.timeout': media.MediaTimeout,
  'media.one-way': media.MediaOneWay,
  'media.resumed': media.MediaResumed,
  'media.played': media.MediaPlayed,
  'media.contract-broken': media.MediaContractBroken,
  'media.agent-disconnected': media.MediaAgentDisconnected,
  'media.agent-attempt-failed': media.MediaAgentAttemptFailed,
  'media.agent-reconnected': media.MediaAgentReconnected,
  'media.agent-lost': media.MediaAgentLost,
  'media.prompted': media.MediaPrompted,
  'media.agent-message-refused': media.MediaAgentMessageRefused,
  'media.speech': media.MediaSpeech,
  'dtmf.received': dtmf.DtmfReceived,
  'dtmf.delivered': dtmf.DtmfDelivered,
  'dtmf.delivery-gap': dtmf.DtmfDeliveryGap,
  'dtmf.collected': dtmf.DtmfCollected,
  'trunk.up': trunk.TrunkUp,
  'trunk.down': trunk.TrunkDown,
  'trunk.registered': trunk.TrunkRegistered,
  'trunk.registration-failed': trunk.TrunkRegistrationFailed,
  'trunk.registration-expired': trunk.TrunkRegistrationExpired,
  'trunk.spend-alarm': trunk.TrunkSpendAlarm,
  'user.registered': user.UserRegistered,
  'user.unregistered': user.UserUnregistered,
  'edge.started': edge.EdgeStarted,
  'edge.draining': edge.EdgeDraining,
  'edge.stopped': edge.EdgeStopped,
  'command.applied': command.CommandApplied,
  'command.refused': command.CommandRefused,
} as const;

export type EventType = keyof typeof events;
export type EventOf<T extends EventType> = z.infer<(typeof events)[T]>;
export type TrunklineEvent = { [T in EventType]: EventOf<T> }[EventType];

/** Any event, told apart by `type`. */
export const AnyEvent = z.discriminatedUnion('type', [
  events['call.received'],
  events['call.originated'],
  events['call.leg-answered'],
  events['call.routed'],
  events['call.ringing'],
  events['call.early-media'],
  events['call.attempt-failed'],
  events['call.answered'],
  events['call.held'],
  events['call.resumed'],
  events['call.media-changed'],
  events['call.transferring'],
  events['call.transferred'],
  events['call.transfer-failed'],
  events['call.ended'],
  events['media.started'],
  events['media.quality'],
  events['media.timeout'],
  events['media.one-way'],
  events['media.resumed'],
  events['media.played'],
  events['media.contract-broken'],
  events['media.agent-disconnected'],
  events['media.agent-attempt-failed'],
  events['media.agent-reconnected'],
  events['media.agent-lost'],
  events['media.prompted'],
  events['media.agent-message-refused'],
  events['media.speech'],
  events['dtmf.received'],
  events['dtmf.delivered'],
  events['dtmf.delivery-gap'],
  events['dtmf.collected'],
  events['trunk.up'],
  events['trunk.down'],
  events['trunk.registered'],
  events['trunk.registration-failed'],
  events['trunk.registration-expired'],
  events['trunk.spend-alarm'],
  events['user.registered'],
  events['user.unregistered'],
  events['edge.started'],
  events['edge.draining'],
  events['edge.stopped'],
  events['command.applied'],
  events['command.refused'],
]);

/** Events that belong to a call: all but those of the edge itself. */
export type CallScopedEvent = Extract<TrunklineEvent, { callId?: string | undefined }>;
