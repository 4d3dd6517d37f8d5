import { terminations } from '../../core/terminations.ts';
import { RETRY_AFTER_SECONDS } from './admission.ts';
import type { Call, Verdict } from './call.ts';
import type { Dialog, Headers, ResponseHeaders } from './sip.ts';

/**
 * The one teardown path: both legs, rtpengine, the record. Nothing in it throws, and each part is bounded in time,
 * so a dead peer cannot keep the others from being freed.
 */
export async function endCall(call: Call, verdict: Verdict): Promise<void> {
  const { blame, sip } = terminations[verdict.reason];
  const sipStatus = verdict.sipStatus ?? sip;
  const talkMs = call.answeredAt === undefined ? 0 : call.context.clock.monotonic() - call.answeredAt;
  const durationMs = call.age();
  const reason = reasonHeader(verdict, sipStatus);

  call.attempt?.cancel();
  if (call.answeredAt === undefined && call.trunk !== '' && !call.isOurs)
    tellMetrics(call, sipStatus, durationMs / 1000);
  refuseCaller(call, sipStatus, { ...reason, ...verdict.headers });
  const byes = [hangUp(call.a, verdict.by === 'a', reason), hangUp(call.b, verdict.by === 'b', reason)];
  if (!call.opened) {
    call.context.metrics.refused(verdict.reason);
    return;
  }
  const media = await call.media?.end();
  // A digit that was logged before rtpengine freed the call may still wait in our socket.
  await new Promise((resolve) => setImmediate(resolve));
  await call.digits.close();
  call.context.calls.delete(call.id);
  call.say('call.ended', {
    reason: verdict.reason,
    blame,
    sipStatus,
    durationMs: Math.round(durationMs),
    talkMs: Math.round(talkMs),
    media: media ?? null,
    digits: call.digits.ledger.count,
    ...(verdict.detail === undefined ? {} : { detail: verdict.detail.slice(0, 512) }),
  });
  await Promise.all(byes);
}

const tellMetrics = ({ trunk, context }: Call, sipStatus: number, seconds: number) =>
  context.metrics.invite({ kind: 'final', direction: 'in', trunk, sipStatus, seconds });

function refuseCaller(call: Call, sipStatus: number, reason: ResponseHeaders): void {
  if (call.a || call.invite.cancelled.aborted) return;
  const retry: Headers = sipStatus === 503 ? { 'Retry-After': RETRY_AFTER_SECONDS } : {};
  call.invite.refuse(sipStatus < 300 ? 480 : sipStatus, { ...reason, ...retry });
}

const hangUp = async (dialog: Dialog | undefined, hungUpItself: boolean, reason: Headers) => {
  if (dialog && !hungUpItself) await dialog.bye(reason);
};

/** RFC 3326. */
function reasonHeader({ reason, detail }: Verdict, sipStatus: number): Headers {
  const text = reason === 'hung-up-by-command' && detail ? detail : reason;
  return { Reason: `SIP;cause=${sipStatus};text="${text.replace(/["\\\r\n]/g, ' ')}"` };
}
