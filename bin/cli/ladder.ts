import type { TrunklineEvent } from '../../contracts/events.ts';
import { saying } from './event-line.ts';

/** An arrow between two of the three lifelines carrier, edge and agent. */
interface Rung {
  readonly left?: string;
  readonly right?: string;
}

const WIDTH = 14;
export const ladderHead = [
  `${'carrier'.padEnd(WIDTH)}   ${'edge'.padEnd(WIDTH)}   agent`,
  `   │${' '.repeat(WIDTH)}  │${' '.repeat(WIDTH)}  │`,
];

const right = (label: string) => `─ ${label} `.padEnd(WIDTH + 1, '─').concat('▶');
const left = (label: string) => `◀${`─ ${label} `.padEnd(WIDTH + 1, '─')}`;
const both = `◀${' RTP '.padStart((WIDTH + 5) / 2, '═').padEnd(WIDTH, '═')}▶`;
const empty = ' '.repeat(WIDTH + 2);

function rungsOf(event: TrunklineEvent): readonly Rung[] {
  switch (event.type) {
    case 'call.received':
      return [{ left: right('INVITE') }];
    case 'call.routed':
      return event.refused ? [{}] : [{ right: right('INVITE') }];
    case 'call.ringing':
      return [{ left: left('180'), right: left(String(event.sipStatus)) }];
    case 'call.early-media':
      return [{ left: left('183 SDP'), right: left(String(event.sipStatus)) }];
    case 'call.attempt-failed':
      return [{ right: left(String(event.sipStatus)) }];
    case 'call.answered':
      return [{ left: left('200'), right: left('200') }];
    case 'media.started':
      return [{ left: both, right: both }];
    case 'dtmf.received':
      return event.leg === 'a'
        ? [{ left: right(`key ${event.digit ?? '?'}`) }]
        : [{ right: left(`key ${event.digit ?? '?'}`) }];
    case 'dtmf.delivered':
      return event.leg === 'b'
        ? [{ right: right(`key ${event.digit}`) }]
        : [{ left: left(`key ${event.digit}`) }];
    case 'call.ended':
      return [endRung(event)];
    default:
      return [{}];
  }
}

function endRung(event: Extract<TrunklineEvent, { type: 'call.ended' }>): Rung {
  if (event.talkMs === 0)
    return { left: event.reason === 'caller-cancelled' ? right('CANCEL') : left(String(event.sipStatus)) };
  if (event.reason === 'caller-hangup') return { left: right('BYE'), right: right('BYE') };
  if (event.reason === 'callee-hangup') return { left: left('BYE'), right: left('BYE') };
  return { left: left('BYE'), right: right('BYE') };
}

/** The lines that one event adds to the ladder of its call. */
export function ladderLines(event: TrunklineEvent): string[] {
  return rungsOf(event).map(
    (rung) => `   │${rung.left ?? empty}│${rung.right ?? empty}│  ${event.type.padEnd(16)} ${saying(event)}`,
  );
}
