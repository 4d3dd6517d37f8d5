import type { LegName } from '../../../contracts/events/call.ts';
import { terminations } from '../../../core/terminations.ts';
import type { TransferFailure } from '../../../core/transfer.ts';
import type { MediaNewcomer } from '../../ports.ts';
import type { Call, Verdict } from '../call.ts';
import { otherLeg } from '../mid-call/joined.ts';
import { readSdp } from '../sdp.ts';
import { dialOut } from '../steps/dial-out.ts';
import { lateCodecs } from '../steps/plan-codecs.ts';
import { newcomerCall, type Whither } from './newcomer-call.ts';
import { takePlace } from './take-place.ts';

/**
 * Calls somebody for the side that stays, while both sides talk on. Who answers takes the place of the other side, which is
 * hung up; where nobody does, the call goes on as it was. Never rejects.
 */
export async function bridge(call: Call, whither: Whither): Promise<void> {
  const { transfer } = whither;
  const leaving = otherLeg(transfer.stays);
  const old = call[leaving];
  const failure = await callFor(call, whither).catch((error: unknown): TransferFailure => {
    call.context.logger.error({ callId: call.id, err: error }, 'a transfer failed');
    return { sipStatus: 500, failedBy: 'platform', detail: String(error) };
  });
  if (failure) return giveUp(call, whither, failure);
  transfer.hear({ sipStatus: 200, detail: '200 OK', from: 'target' });
  await whither.notified?.();
  await old?.bye({ Reason: 'SIP;cause=200;text="transferred"' });
}

function giveUp(call: Call, { transfer }: Whither, failure: TransferFailure): void {
  const { hasLeft, stays } = transfer;
  transfer.hear({ failed: true, ...failure });
  if (!hasLeft) return;
  void call.end(leftBefore(otherLeg(stays), failure.detail));
}

/** A referrer that did not wait for what came of it: there is nobody to whom the call could go back. */
export const leftBefore = (by: LegName, why: string): Verdict => ({
  ...{ reason: by === 'a' ? 'caller-hangup' : 'callee-hangup', by },
  detail: `it hung up while its transfer was on the way, which failed: ${why}`,
});

async function callFor(call: Call, whither: Whither): Promise<TransferFailure | undefined> {
  const leaving = otherLeg(whither.transfer.stays);
  const media = call.media?.newcomer(leaving);
  if (!media) throw new Error('the call has no media');
  const dialling = newcomerCall(call, whither, media);
  const over = () => void dialling.end({ reason: 'internal-error' });
  call.over.addEventListener('abort', over, { once: true });
  const failure = await tryAll(call, dialling, whither, media);
  call.over.removeEventListener('abort', over);
  if (failure) {
    over();
    await dialling.b?.bye({ Reason: `SIP;cause=${failure.sipStatus ?? 503};text="transfer failed"` });
    if (!call.isOver) await media.leave().catch(() => undefined);
  } else {
    call.holdFor(leaving, over);
    limit(call, leaving, dialling);
  }
  return failure;
}

async function tryAll(
  call: Call,
  dialling: Call,
  { transfer, to, route }: Whither,
  media: MediaNewcomer,
): Promise<TransferFailure | undefined> {
  if (dialling.route?.targets.length === 0)
    return { sipStatus: 488, failedBy: 'platform', detail: 'no target takes a codec of the side that stays' };
  const verdict = await dialOut(dialling);
  if (verdict) return failureOf(verdict);
  const { b: dialog, answer } = dialling;
  if (!dialog || !answer || dialling.isOver)
    return { sipStatus: 487, failedBy: 'platform', detail: 'the call ended' };
  const said = readSdp(answer.sdp);
  if (!said) return { sipStatus: 488, failedBy: 'target', detail: 'the 200 has no readable audio stream' };
  const target = dialling.route?.targets.find(({ id }) => id === answer.target);
  return takePlace(call, otherLeg(transfer.stays), {
    ...{ dialog, sdp: answer.sdp, offered: answer.offered ?? '', media },
    occupant: { trunk: answer.trunk, dtmf: target?.dtmf, party: to, route },
    codecs: lateCodecs(dialling, said.codecs, answer.trunk),
  });
}

/** `target` where it was the choice or the trouble of who was called. */
function failureOf({ reason, sipStatus, detail }: Verdict): TransferFailure {
  const { blame, sip, meaning } = terminations[reason];
  const failedBy = blame === 'callee' || blame === 'upstream' ? 'target' : 'platform';
  return { sipStatus: sipStatus ?? sip, failedBy, detail: detail ?? meaning };
}

/** The longest call that is allowed counts anew for who has come. */
function limit(call: Call, leg: LegName, { answer, route }: Call): void {
  const seconds = Math.min(route?.maxDurationSeconds ?? NEVER, answer?.mostSeconds ?? NEVER);
  if (seconds === NEVER || call.isOver) return;
  const detail = `longer than ${seconds} s since its transfer`;
  call.holdFor(
    leg,
    call.after(seconds * 1000, () => void call.end({ reason: 'max-duration', detail })),
  );
}

const NEVER = Number.POSITIVE_INFINITY;
