import type { LegMedia } from '../../contracts/events/call.ts';
import { digitsOf } from '../../core/call-digits.ts';
import { beginningOf, type CallState } from '../../core/call-state.ts';
import { terminations } from '../../core/terminations.ts';

const shown = (value: number | null | undefined, unit = '') =>
  value === null || value === undefined ? 'n/a' : `${value}${unit}`;

/** A record as the on-call engineer reads it. Numbers that nothing measured are n/a, never a default. */
export function renderCall(call: CallState): string {
  const began = beginningOf(call);
  const { received, originated, routed, answered, ended } = call;
  const lines: [string, string][] = [
    ['call', call.callId],
    [
      'from → to',
      `${began?.from.number ?? '?'} → ${began?.to.number ?? '?'}, ${originated ? `by command, with ${originated.connect}` : `by trunk ${received?.trunk ?? '?'}`}`,
    ],
    ['SIP Call-ID', received?.sipCallId ?? '?'],
    ['edge', call.edge ? `${call.edge.id} in ${call.edge.region}` : '?'],
    [
      'decided',
      routed
        ? `${routed.source} in ${routed.waitMs} ms: ${routed.refused ?? `agent ${routed.agent}`}`
        : 'not (yet)',
    ],
    ...Object.values(call.attempts).map((a): [string, string] => [
      'failed',
      `${a.target}: ${a.reason}, ${a.sipStatus} after ${a.durationMs} ms`,
    ]),
    [
      'answered',
      answered
        ? `${answered.target} in ${answered.setupMs} ms, ${answered.codecs.a} ↔ ${answered.codecs.b}`
        : 'no',
    ],
    ...digitLines(call),
    ...transferLines(call),
    [
      'ended',
      ended
        ? `${ended.reason}, ${ended.sipStatus}, to blame: ${ended.blame}`
        : `no: the call is ${call.phase}`,
    ],
    ...(ended ? ([['', terminations[ended.reason].meaning]] as [string, string][]) : []),
    ...(ended?.detail ? ([['', ended.detail]] as [string, string][]) : []),
    [
      'record',
      call.complete
        ? 'complete'
        : `not complete${call.missing.length > 0 ? `: events ${JSON.stringify(call.missing)} are missing` : ''}`,
    ],
  ];
  const head = lines.map(([name, value]) => `${name.padEnd(12)} ${value}`).join('\n');
  return ended?.media ? `${head}\n${renderMedia(ended.media)}` : head;
}

/** What rtpengine received from each side. */
function renderMedia(media: { readonly a: LegMedia; readonly b: LegMedia }): string {
  const row = (leg: string, m: LegMedia) =>
    `${leg.padEnd(12)} ${String(m.packets).padStart(7)} ${shown(m.lossPercent, ' %').padStart(8)} ${shown(m.jitterMs, ' ms').padStart(9)} ${shown(m.mos).padStart(6)}  ${m.codec ?? 'n/a'}${m.measuredBy ? `, measured by ${m.measuredBy}` : ''}`;
  return [
    `${'leg'.padEnd(12)} ${'packets'.padStart(7)} ${'loss'.padStart(8)} ${'jitter'.padStart(9)} ${'MOS'.padStart(6)}  codec`,
    row('a (caller)', media.a),
    row('b (agent)', media.b),
  ].join('\n');
}

const transferLines = ({ transfers = {} }: CallState): [string, string][] =>
  Object.values(transfers).map(({ kind, target, by, outcome, failedBy, sipStatus }) => [
    'transfer',
    `${kind} to ${target} by ${by}: ${outcome}${failedBy ? ` by the ${failedBy}, ${sipStatus ?? 'no answer'}` : ''}`,
  ]);

function digitLines(call: CallState): [string, string][] {
  const [received, delivered] = [digitsOf(call, 'a', 'received'), digitsOf(call, 'a', 'delivered')];
  const { gap } = call.digitCount;
  return [
    [
      'digits',
      `"${received}" received, "${delivered}" delivered${gap > 0 ? `, ${gap} missed on both sides` : ''}`,
    ],
    ...Object.values(call.collections ?? {}).map((one): [string, string] => [
      'collected',
      collectedLine(one),
    ]),
  ];
}

type CollectionState = NonNullable<CallState['collections']>[string];

const collectedLine = ({ name = 'digits', outcome, attempts, digits, reason }: CollectionState): string =>
  `${name}: ${outcome} at attempt ${attempts}, ${digits ?? reason ?? 'encrypted'}`;
