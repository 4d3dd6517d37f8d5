import type { LegName } from '../../../contracts/events/call.ts';
import type { TransferFailure } from '../../../core/transfer.ts';
import { AgentDialog } from '../agents/agent-dialog.ts';
import type { Call } from '../call.ts';
import { askSide } from '../mid-call/ask-side.ts';
import { type Joined, joinedOf, otherLeg } from '../mid-call/joined.ts';
import { occupantOf } from '../occupant.ts';
import { exchanged } from '../originate/first-leg-media.ts';
import { isSecure, readSdp, readSession } from '../sdp.ts';
import { audioOf } from '../steps/offer.ts';
import { codecsBetween } from '../steps/plan-codecs.ts';
import { leftBefore } from './bridge.ts';
import { takePlace } from './take-place.ts';
import { Transferring } from './transferring.ts';

/** The other call, and the leg of it that its Replaces names: the referrer is on it. */
interface Target {
  readonly call: Call;
  readonly leg: LegName;
}

const ended: TransferFailure = { sipStatus: 481, failedBy: 'platform', detail: 'the other call ended' };

/**
 * Two calls become one: whom the referrer talks to in the other call takes its place in this one, and the other call ends. A
 * re-INVITE moves its media; the side that stays in this call hears nothing of it. Never rejects.
 */
export async function joinCalls(
  call: Call,
  transfer: Transferring,
  target: Target,
  notified: () => Promise<void>,
): Promise<void> {
  const leaving = otherLeg(transfer.stays);
  const old = call[leaving];
  // The other call has none of its own meanwhile.
  const guard = new Transferring(target.call, {
    ...{ kind: 'attended', by: target.leg, target: call.id, stays: otherLeg(target.leg) },
  });
  const failure = await join(call, leaving, target).catch(
    (error: unknown): TransferFailure => ({ sipStatus: 500, failedBy: 'platform', detail: String(error) }),
  );
  guard.hear({ failed: true, ...ended });
  if (guard.hasLeft) void target.call.end(leftBefore(target.leg, ended.detail));
  if (failure) {
    transfer.hear({ failed: true, ...failure });
    if (transfer.hasLeft) void call.end(leftBefore(leaving, failure.detail));
    return;
  }
  transfer.hear({ sipStatus: 200, detail: '200 OK', from: 'target' });
  await notified();
  await old?.bye({ Reason: 'SIP;cause=200;text="transferred"' });
}

async function join(call: Call, leaving: LegName, target: Target): Promise<TransferFailure | undefined> {
  const run = target.call.exchanges.run(async () => {
    const there = joinedOf(target.call);
    return there ? move(call, leaving, target, there) : ended;
  });
  return run ?? { ...ended, sipStatus: 503, detail: 'too many changes of the other call are on their way' };
}

async function move(
  call: Call,
  leaving: LegName,
  { call: from, leg }: Target,
  there: Joined,
): Promise<TransferFailure | undefined> {
  const here = joinedOf(call);
  const media = call.media?.newcomer(leaving);
  if (!here || !media) return { ...ended, detail: 'the call ended' };
  const stays = otherLeg(leaving);
  const far = otherLeg(leg);
  const occupant = occupantOf(from, far);
  const offer = { sdp: here.sides[stays].remote, from: stays } as const;
  const agreed = readSdp(here.sides[stays].local)?.codecs ?? [];
  const codecs = codecsBetween(call, agreed, stays);
  const { remote } = there.sides[far];
  const keying = isSecure(remote)
    ? /^a=crypto:/m.test(remote)
      ? ('sdes' as const)
      : ('dtls' as const)
    : undefined;
  const audio = audioOf(call, occupant);
  const inside = there.dialogs[far] instanceof AgentDialog;
  const wanted = { ...offer, codecs, keying, inside, ...audio };
  const sdp = await media.offer(
    stays === 'a' ? wanted : { ...exchanged({ ...wanted, from: 'a' }), from: stays },
  );
  const local = there.sides[far].telling(sdp);
  const result = await there.dialogs[far].reinvite(local);
  if (result.kind !== 'answered' || !readSession(result.sdp)) {
    await media.leave();
    return {
      sipStatus: result.kind === 'refused' ? result.status : 481,
      failedBy: 'target',
      detail: result.kind,
    };
  }
  const dialog = there.dialogs[far];
  const back = codecsBetween(call, readSdp(result.sdp)?.codecs ?? [], leaving);
  const failure = await takePlace(call, leaving, {
    ...{ dialog, sdp: result.sdp, offered: local, occupant, media, codecs: back },
  });
  if (failure) {
    await media.leave();
    const again = {
      sdp: there.sides[leg].remote,
      codecs: codecsBetween(from, readSdp(there.sides[leg].remote)?.codecs ?? [], leg),
    };
    await askSide(from, there, far, again);
    return failure;
  }
  call.holdFor(leaving, from.leases.handOn(far));
  delete from[far];
  // Its own queue waits for this exchange, and it must not wait for its end.
  void from.end({ reason: 'transferred', detail: `its far end is in call ${call.id} now` });
  return undefined;
}
