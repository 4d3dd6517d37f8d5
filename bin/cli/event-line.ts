import { AnyEvent, type EventOf, type EventType, type TrunklineEvent } from '../../contracts/events.ts';
import type { BusEvent } from '../../local/cloud/local-cloud.ts';

/** Never show what a secret could hide in. */
const words: { readonly [T in EventType]: (event: EventOf<T>) => string } = {
  'call.received': (event) =>
    `${event.from.number} → ${event.to.number} by trunk ${event.trunk}, offers ${event.offer?.codecs.join(' ') ?? 'nothing yet (late offer)'}`,
  'call.originated': (event) =>
    `${event.to.number} as ${event.from.number}, to be connected with ${event.connect}`,
  'call.leg-answered': (event) =>
    `leg ${event.leg}, ${event.target}; calling ${event.agent ?? event.targets.map(({ id }) => id).join(', ')}`,
  'call.routed': (event) =>
    event.refused
      ? `refused: ${event.refused} (${event.source}, ${event.waitMs} ms)`
      : `agent ${event.agent}, decided ${event.source} in ${event.waitMs} ms: ${event.targets.map(({ id }) => id).join(', ')}`,
  'call.ringing': (event) => `${event.target}, ${event.sipStatus}`,
  'call.early-media': (event) => `${event.target}, ${event.sipStatus}`,
  'call.attempt-failed': (event) =>
    `${event.target}: ${event.reason}, ${event.sipStatus} after ${event.durationMs} ms${event.tryingNext ? ', trying the next' : ''}`,
  'call.answered': (event) =>
    `${event.target} in ${event.setupMs} ms (${event.decisionMs} ms of it the decision), ${event.codecs.a} ↔ ${event.codecs.b}`,
  'call.held': (event) => `leg ${event.leg} by ${event.by}, ${event.direction}`,
  'call.resumed': (event) => `leg ${event.leg} by ${event.by}`,
  'call.media-changed': (event) =>
    `leg ${event.leg} by ${event.cause}, ${event.codecs.a} ↔ ${event.codecs.b}${event.relayed ? ', both sides' : ''}`,
  'call.transferring': (event) => `${event.kind} to ${event.target} by ${event.by}`,
  'call.transferred': (event) => `${event.kind} to ${event.target} by ${event.by}`,
  'call.transfer-failed': (event) =>
    `${event.kind} to ${event.target}: ${event.sipStatus ?? 'no answer'} by the ${event.failedBy}, ${event.detail}`,
  'call.ended': (event) =>
    `${event.reason} (${event.blame}), talked ${(event.talkMs / 1000).toFixed(1)} s${event.detail ? `: ${event.detail}` : ''}`,
  'media.started': (event) => `audio both ways after ${event.afterMs} ms`,
  'media.quality': (event) => `a ${event.a.packets} packets, b ${event.b.packets} packets`,
  'media.timeout': (event) =>
    `nothing from ${event.leg} for ${(event.silentMs / 1000).toFixed(1)} s, ${event.action}`,
  'media.one-way': (event) => `nothing from ${event.leg} for ${(event.silentMs / 1000).toFixed(1)} s`,
  'media.resumed': (event) => `leg ${event.leg} is heard again after ${(event.silentMs / 1000).toFixed(1)} s`,
  'media.played': (event) =>
    `${event.file} to ${event.to}, ${event.ended} after ${(event.playedMs / 1000).toFixed(1)} s`,
  'media.contract-broken': (event) =>
    `${event.promise} of leg ${event.leg}: agreed ${event.agreed}, found ${event.found}`,
  'media.agent-disconnected': (event) => `leg ${event.leg}: ${event.code} ${event.reason}`.trimEnd(),
  'media.agent-attempt-failed': (event) =>
    `leg ${event.leg} at attempt ${event.attempt}, ${event.fault}: ${event.detail}`,
  'media.agent-reconnected': (event) => `leg ${event.leg} at attempt ${event.attempt}`,
  'media.prompted': ({ leg, cause, file }) => `leg ${leg} hears ${file ?? 'a ringing tone'}: ${cause}`,
  'media.agent-lost': (event) => `${event.target}: ${event.detail}; ${event.left} targets behind it`,
  'media.agent-message-refused': (event) => `leg ${event.leg}, ${event.code}: ${event.message}`,
  'media.speech': (event) =>
    `leg ${event.leg} ${event.state}${event.droppedMs === undefined ? '' : `, ${event.droppedMs} ms of the agent dropped`}`,
  'dtmf.received': (event) =>
    `${event.digit ?? 'a secret'} from leg ${event.leg}, ${event.durationMs} ms, ${event.mode}`,
  'dtmf.delivered': (event) => `${event.digit} to leg ${event.leg}`,
  'dtmf.collected': ({ outcome, leg, attempts, digits, encrypted, reason }) =>
    `${outcome} from leg ${leg} at attempt ${attempts}: ${digits ?? (encrypted ? 'encrypted' : reason)}`,
  'dtmf.delivery-gap': (event) => `${event.digit} not to leg ${event.leg}: ${event.reason}`,
  'trunk.up': (event) => `${event.trunk} at ${event.endpoint}`,
  'trunk.down': (event) => `${event.trunk} at ${event.endpoint}: ${event.detail}`,
  'trunk.registered': (event) =>
    `${event.trunk} at ${event.registrar} as ${event.contact} for ${event.expiresSeconds} s`,
  'trunk.registration-failed': (event) =>
    `${event.trunk} at ${event.registrar}: ${event.detail}, next try in ${event.retrySeconds} s`,
  'trunk.registration-expired': (event) => `${event.trunk} at ${event.registrar}: ${event.detail}`,
  'trunk.spend-alarm': (event) =>
    `${event.trunk}: ${event.used} of ${event.cap} ${event.currency ?? 'minutes'} this ${event.period}${event.refusing ? ', no more calls out' : ''}`,
  'user.registered': (event) =>
    `${event.user} of ${event.trunk} as ${event.contact} for ${event.expiresSeconds} s`,
  'user.unregistered': (event) => `${event.user} of ${event.trunk} as ${event.contact}: ${event.reason}`,
  'edge.started': (event) => `${event.edge.id} takes calls at ${event.contacts.join(', ')}`,
  'edge.draining': (event) => `${event.edge.id}, ${event.calls} calls up`,
  'edge.stopped': (event) => `${event.edge.id}, ${event.endedCalls} calls ended`,
  'command.applied': (event) => event.command,
  'command.refused': (event) => `${event.command}: ${event.message}`,
};

/** What an event says, in a few words. */
export function saying<T extends EventType>(event: EventOf<T> & { readonly type: T }): string {
  return words[event.type](event);
}

/** One line for a terminal: time, type, call, words. */
export function eventLine(event: TrunklineEvent): string {
  const call = 'callId' in event && event.callId !== undefined ? event.callId.slice(-6) : '      ';
  return `${event.time.slice(11, 23)} ${call} ${event.type.padEnd(20)} ${saying(event)}`;
}

/** One line for whatever is on the bus. Of what is no event of ours, such as a command of a customer's function, who put it there: the rest may be secret. */
export function busLine({ source, time, 'detail-type': type, detail }: BusEvent): string {
  const event = AnyEvent.safeParse(detail);
  if (event.success) return eventLine(event.data);
  const { callId } = (detail ?? {}) as { readonly callId?: unknown };
  const call = typeof callId === 'string' ? callId.slice(-6) : '';
  // EventBridge tells whole seconds.
  return `${time.slice(11, 19).padEnd(12)} ${call.padEnd(6)} ${type.padEnd(20)} from ${source}`;
}
