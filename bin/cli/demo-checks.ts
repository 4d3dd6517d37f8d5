import { digitsOf } from '../../core/call-digits.ts';
import type { CallState } from '../../core/call-state.ts';
import { likeness, loudness } from '../../local/phone/audio.ts';
import type { CallReport } from '../../local/phone/phones.ts';
import type { RtpReport } from '../../local/phone/rtp-endpoint.ts';

/** What the agent over the WebSocket heard, and whoever the call was transferred to. */
export interface AgentHeard {
  /** Up to the first key. */
  readonly pcm: Int16Array;
  readonly frames: number;
  readonly digits: string;
  readonly human: RtpReport;
}

export interface DemoResult {
  readonly report: CallReport;
  /** Of a SIP agent its RTP. */
  readonly agent: RtpReport | AgentHeard;
  readonly record: CallState | undefined;
  /** What the carrier said. */
  readonly audio: Int16Array;
  readonly digits: string;
  readonly expectedSource: 'live' | 'snapshot';
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Packets under way when the call ends are not missing. */
const IN_FLIGHT = 5;
/** How alike what was said and what was heard must be: an unlike recording scores under 0.3. */
const ALIKE = 0.8;

const check = (name: string, ok: boolean, detail: string): Check => ({ name, ok, detail });

const alike = (name: string, said: Int16Array, heard: Int16Array) => {
  const is = likeness(said, heard);
  return check(name, is >= ALIKE && loudness(heard) > 0.01, `likeness ${is.toFixed(2)}, at least ${ALIKE}`);
};

/** Everything that must be true of the demo's call, with the numbers. */
export function judge(result: DemoResult): Check[] {
  const { report, agent, record, audio, digits, expectedSource } = result;
  const delivered = record ? digitsOf(record, 'a', 'delivered') : '';
  return [
    check(
      'the call went as planned',
      report.ok,
      report.ok ? 'answered, and ended by the caller' : report.errors.slice(0, 300),
    ),
    check(
      'decision',
      record?.routed?.source === expectedSource,
      `source ${record?.routed?.source ?? 'none'} in ${record?.routed?.waitMs ?? '?'} ms, expected ${expectedSource}`,
    ),
    ...('human' in agent ? overSocket(result, agent) : overSip(report, agent)),
    alike('the agent hears the words', audio, agent.pcm),
    alike(
      'the caller hears them come back',
      audio,
      'human' in agent ? report.rtp.pcm.subarray(0, agent.pcm.length) : report.rtp.pcm,
    ),
    check(
      'digits at the agent',
      agent.digits === digits,
      `pressed ${digits}, heard ${agent.digits || 'none'}`,
    ),
    check(
      'digits in the record',
      delivered === digits && record?.ended?.digits.gap === 0,
      `delivered ${delivered || 'none'}`,
    ),
    check(
      'the record is complete',
      record?.complete === true,
      record
        ? `${record.seen.map(([a, b]) => `${a}-${b}`).join(', ')} of its events, missing: ${record.missing.length === 0 ? 'none' : JSON.stringify(record.missing)}`
        : 'there is none',
    ),
  ];
}

const overSip = (report: CallReport, agent: RtpReport): Check[] => [
  check(
    'audio to the agent',
    agent.received > 0 && report.rtp.sent - agent.received <= IN_FLIGHT,
    `${report.rtp.sent} packets sent, ${agent.received} heard`,
  ),
  check(
    'audio to the caller',
    report.rtp.received > 0 && agent.sent - report.rtp.received <= IN_FLIGHT,
    `${agent.sent} packets sent, ${report.rtp.received} heard`,
  ),
];

/** The caller's packets were heard by the agent first and by a human then; none of them twice, none by nobody. */
function overSocket({ report, record }: DemoResult, { frames, human }: AgentHeard): Check[] {
  const { sent, received } = report.rtp;
  const transfer = Object.values(record?.transfers ?? {}).at(-1);
  return [
    check(
      'audio to the agent',
      frames > 100,
      `${frames} frames of 20 ms over the WebSocket, of ${sent} packets sent`,
    ),
    check(
      'the transfer to a human',
      transfer?.outcome === 'transferred' && human.received > 50 && loudness(human.pcm) > 0.01,
      `${transfer?.outcome ?? 'none'}; the human heard ${human.received} packets`,
    ),
    check('audio to the caller', received > 150, `${received} packets heard`),
  ];
}

const counts = ({ pcm: _pcm, keysLeft: _keysLeft, ...rest }: RtpReport) => rest;

const heardBy = (agent: RtpReport | AgentHeard) =>
  'human' in agent
    ? { frames: agent.frames, digits: agent.digits, human: counts(agent.human) }
    : counts(agent);

/** The machine-readable summary. */
export function summaryOf(
  { report, agent, record }: DemoResult,
  checks: readonly Check[],
  sipServer: string,
  usage: object,
) {
  return {
    ok: checks.every(({ ok }) => ok),
    decision: record?.routed && { source: record.routed.source, waitMs: record.routed.waitMs },
    sipServer,
    callId: record?.callId,
    setupMs: record?.answered?.setupMs,
    media: record?.ended?.media,
    digits: { atTheAgent: agent.digits, backAtTheCaller: report.rtp.digits, ...record?.ended?.digits },
    carrier: counts(report.rtp),
    agent: heardBy(agent),
    record: record && {
      complete: record.complete,
      phase: record.phase,
      reason: record.ended?.reason,
      seen: record.seen,
      missing: record.missing,
    },
    usage,
    checks,
  };
}
