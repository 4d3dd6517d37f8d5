import pc from 'picocolors';
import type { Negotiation } from '../../contracts/events/negotiation.ts';
import type { TrunklineEvent } from '../../contracts/events.ts';
import type { CallState } from '../../core/call-state.ts';
import { saying } from './event-line.ts';

/** An event that tells how the media of a call came about. */
interface Negotiated {
  readonly seq: number;
  readonly time: string;
  readonly type: TrunklineEvent['type'];
  readonly because: string;
  readonly negotiation: Negotiation;
}

export const negotiationsIn = (timeline: readonly TrunklineEvent[]): readonly Negotiated[] =>
  timeline.flatMap((event) =>
    'negotiation' in event && event.negotiation
      ? [
          {
            ...{ seq: event.seq, time: event.time, type: event.type },
            ...{ because: saying(event), negotiation: event.negotiation },
          },
        ]
      : [],
  );

/** What a reader wants to know besides: promises that were broken, and sides that were silent. */
const told: ReadonlySet<TrunklineEvent['type']> = new Set([
  ...(['media.contract-broken', 'media.one-way', 'media.timeout', 'dtmf.delivery-gap'] as const),
]);

export function explainMedia(call: CallState, timeline: readonly TrunklineEvent[]): string {
  const negotiations = negotiationsIn(timeline);
  const offered = call.received?.offer?.codecs.join(', ');
  const head = [
    `call ${call.callId}${offered === undefined ? '' : `, offered ${offered}`}`,
    ...(call.ended && negotiations.length === 0
      ? [`no media was agreed on: ${call.ended.reason}${call.ended.detail ? `, ${call.ended.detail}` : ''}`]
      : []),
  ];
  const blocks = negotiations.map((each, index) => blockOf(each, negotiations[index - 1]));
  const remarks = timeline.filter(({ type }) => told.has(type));
  const rest = remarks.map((event) => `${timeOf(event)} ${event.type}  ${saying(event)}`);
  return `${[...head, ...blocks, ...rest].join('\n')}\n`;
}

const timeOf = ({ time }: { readonly time: string }) => time.slice(11, 23);

function blockOf({ negotiation, ...event }: Negotiated, before: Negotiated | undefined): string {
  const { offerer, codecs } = negotiation;
  const width = Math.max(0, ...codecs.map(({ codec }) => codec.length));
  return [
    '',
    pc.bold(`${timeOf(event)} ${event.type}  ${event.because}`),
    `  leg ${offerer} offered`,
    ...codecs.map(({ codec, outcome, rule }) => `    ${codec.padEnd(width)}  ${outcome.padEnd(10)}  ${rule}`),
    ...sideOf('a', negotiation.a, before?.negotiation.a),
    ...sideOf('b', negotiation.b, before?.negotiation.b),
  ].join('\n');
}

type Exchanged = Negotiation['a'];

/** Both SDPs of a side beside one another; `*` before what is new since the last time. */
function sideOf(leg: string, now: Exchanged, before: Exchanged | undefined): string[] {
  const [said, heard] = [marked(now.said, before?.said), marked(now.told, before?.told)];
  const width = Math.max(24, ...said.map((line) => line.length));
  const rows = Array.from({ length: Math.max(said.length, heard.length) }, (_, index) =>
    `    ${(said[index] ?? '').padEnd(width)}  ${heard[index] ?? ''}`.trimEnd(),
  );
  return [`  leg ${leg}`, `    ${'  said'.padEnd(width)}    was told`, ...rows];
}

function marked(sdp: string, before: string | undefined): string[] {
  const known = new Set(before?.split('\n'));
  const lines = sdp.trimEnd().split('\n');
  return lines.map((line) => `${before !== undefined && !known.has(line) ? '*' : ' '} ${line}`);
}
