import { digitsOf } from '../../core/call-digits.ts';
import type { CallState } from '../../core/call-state.ts';
import { likeness, loudness } from '../../local/phone/audio.ts';
import type { CallReport } from '../../local/phone/phones.ts';
import type { RtpReport } from '../../local/phone/rtp-endpoint.ts';

export interface DemoResult {
  readonly report: CallReport;
  readonly agent: RtpReport;
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

/** Everything that must be true of the demo's call, with the numbers. */
export function judge({ report, agent, record, audio, digits, expectedSource }: DemoResult): Check[] {
  const check = (name: string, ok: boolean, detail: string): Check => ({ name, ok, detail });
  const heard = likeness(audio, agent.pcm);
  const back = likeness(audio, report.rtp.pcm);
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
    check(
      'the agent hears the words',
      heard >= ALIKE && loudness(agent.pcm) > 0.01,
      `likeness ${heard.toFixed(2)}, at least ${ALIKE}`,
    ),
    check('the caller hears them come back', back >= ALIKE, `likeness ${back.toFixed(2)}, at least ${ALIKE}`),
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

const counts = ({ pcm: _pcm, keysLeft: _keysLeft, ...rest }: RtpReport) => rest;

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
    agent: counts(agent),
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
