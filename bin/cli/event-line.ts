import type { TrunklineEvent } from '../../contracts/events.ts';

/** What an event says, in a few words. Never shows what a secret could hide in. */
export function saying(event: TrunklineEvent): string {
  switch (event.type) {
    case 'call.received':
      return `${event.from.number} → ${event.to.number} by trunk ${event.trunk}, offers ${event.offer?.codecs.join(' ') ?? 'nothing yet (late offer)'}`;
    case 'call.routed':
      return event.refused
        ? `refused: ${event.refused} (${event.source}, ${event.waitMs} ms)`
        : `agent ${event.agent}, decided ${event.source} in ${event.waitMs} ms: ${event.targets.map(({ id }) => id).join(', ')}`;
    case 'call.ringing':
    case 'call.early-media':
      return `${event.target}, ${event.sipStatus}`;
    case 'call.attempt-failed':
      return `${event.target}: ${event.reason}, ${event.sipStatus} after ${event.durationMs} ms${event.tryingNext ? ', trying the next' : ''}`;
    case 'call.answered':
      return `${event.target} in ${event.setupMs} ms (${event.decisionMs} ms of it the decision), ${event.codecs.a} ↔ ${event.codecs.b}`;
    case 'call.ended':
      return `${event.reason} (${event.blame}), talked ${(event.talkMs / 1000).toFixed(1)} s${event.detail ? `: ${event.detail}` : ''}`;
    case 'media.started':
      return `audio both ways after ${event.afterMs} ms`;
    case 'media.quality':
      return `a ${event.a.packets} packets, b ${event.b.packets} packets`;
    case 'dtmf.received':
      return `${event.digit} from leg ${event.leg}, ${event.durationMs} ms, ${event.mode}`;
    case 'dtmf.delivered':
      return `${event.digit} to leg ${event.leg}`;
    case 'trunk.up':
      return `${event.trunk} at ${event.endpoint}`;
    case 'trunk.down':
      return `${event.trunk} at ${event.endpoint}: ${event.detail}`;
    case 'trunk.registered':
      return `${event.trunk} at ${event.registrar} as ${event.contact} for ${event.expiresSeconds} s`;
    case 'trunk.registration-failed':
      return `${event.trunk} at ${event.registrar}: ${event.detail}, next try in ${event.retrySeconds} s`;
    case 'trunk.registration-expired':
      return `${event.trunk} at ${event.registrar}: ${event.detail}`;
    case 'trunk.spend-alarm':
      return `${event.trunk}: ${event.used} of ${event.cap} ${event.currency ?? 'minutes'} this ${event.period}${event.refusing ? ', no more calls out' : ''}`;
    case 'user.registered':
      return `${event.user} of ${event.trunk} as ${event.contact} for ${event.expiresSeconds} s`;
    case 'user.unregistered':
      return `${event.user} of ${event.trunk} as ${event.contact}: ${event.reason}`;
    case 'edge.started':
      return `${event.edge.id} takes calls at ${event.contacts.join(', ')}`;
    case 'edge.draining':
      return `${event.edge.id}, ${event.calls} calls up`;
    case 'edge.stopped':
      return `${event.edge.id}, ${event.endedCalls} calls ended`;
    case 'command.applied':
      return event.command;
    case 'command.refused':
      return `${event.command}: ${event.message}`;
  }
}

/** One line for a terminal: time, type, call, words. */
export function eventLine(event: TrunklineEvent): string {
  const call = 'callId' in event && event.callId !== undefined ? event.callId.slice(-6) : '      ';
  return `${event.time.slice(11, 23)} ${call} ${event.type.padEnd(20)} ${saying(event)}`;
}
