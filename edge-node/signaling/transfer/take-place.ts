import type { LegName } from '../../../contracts/events/call.ts';
import type { CodecPlan } from '../../../core/negotiate-codecs.ts';
import type { TransferFailure } from '../../../core/transfer.ts';
import type { MediaNewcomer } from '../../ports.ts';
import type { Call } from '../call.ts';
import { keepSideGoing } from '../joined-call.ts';
import { askSide } from '../mid-call/ask-side.ts';
import { type Joined, joinedOf, otherLeg } from '../mid-call/joined.ts';
import { negotiationOf } from '../mid-call/negotiation.ts';
import { Side } from '../mid-call/side.ts';
import { silence } from '../mid-call/silence.ts';
import type { Occupant } from '../occupant.ts';
import { readSession } from '../sdp.ts';
import type { Dialog } from '../sip.ts';
import { takesDigits } from '../steps/connect-legs.ts';

/** Somebody who has answered. */
export interface Newcomer {
  readonly dialog: Dialog;
  /** What it said, and what it was offered. */
  readonly sdp: string;
  readonly offered: string;
  readonly occupant: Occupant;
  /** What becomes of its codecs on their way to the side that stays. */
  readonly codecs: CodecPlan;
  readonly media: MediaNewcomer;
}

const ended: TransferFailure = { sipStatus: 487, failedBy: 'platform', detail: 'the call ended' };

/** Puts who has answered in the place of a side, in an exchange of its own. Undefined: done. Where it fails all is as it was. */
export async function takePlace(
  call: Call,
  leg: LegName,
  newcomer: Newcomer,
): Promise<TransferFailure | undefined> {
  const run = call.exchanges.run(async () => {
    const joined = joinedOf(call);
    return joined ? change(call, joined, leg, newcomer) : ended;
  });
  if (!run) return { ...ended, sipStatus: 503, detail: 'too many changes of the call are on their way' };
  return run.catch((error: unknown) => ({
    ...{ sipStatus: 500, failedBy: 'platform' as const },
    detail: error instanceof Error ? error.message : String(error),
  }));
}

async function change(
  call: Call,
  { media, sides, dialogs }: Joined,
  leg: LegName,
  newcomer: Newcomer,
): Promise<TransferFailure | undefined> {
  const stays = otherLeg(leg);
  const { dialog, sdp, codecs } = newcomer;
  const told = await newcomer.media.takePlace(sdp, sides[stays].remote);
  if (call.isOver) return ended;
  const side = new Side(sdp, newcomer.offered);
  const next: Joined = {
    media,
    dialogs: { ...dialogs, [leg]: dialog },
    sides: { ...sides, [leg]: side },
  };
  const relayed = mustKnow(call, sides[stays], told, leg);
  if (relayed) {
    const asked = await askSide(call, next, stays, { sdp, codecs });
    if ('why' in asked) return { sipStatus: 488, failedBy: 'platform', detail: asked.why };
  }
  if (call.isOver) return ended;
  settle(call, next, leg, newcomer, relayed);
  await newcomer.media.stay().catch((error: unknown) => {
    call.context.logger.warn({ callId: call.id, err: error }, 'rtpengine still knows a side that has left');
  });
  return undefined;
}

/** Nothing of all this is heard by the side that stays unless its own media is another now. */
function mustKnow(call: Call, side: Side, told: string, leg: LegName): boolean {
  const [now, before] = [readSession(told), readSession(side.local)];
  if (!now || !before) return true;
  const known = new Set(before.codecs.map((name) => name.toLowerCase()));
  const [codec] = now.codecs;
  const isHeld = call.onHold[leg] || call.heldByCommand[otherLeg(leg)];
  return isHeld || wayOf(told) !== wayOf(side.local) || !known.has(codec?.toLowerCase() ?? '');
}

/** Where audio is sent, and with which keys. */
const wayOf = (sdp: string): string => {
  const keys = [...sdp.matchAll(/^a=(?:crypto|fingerprint):.*$/gm)].map(([line]) => line.trim());
  return [readSession(sdp)?.address, ...keys.sort()].join('\n');
};

function settle(call: Call, { sides }: Joined, leg: LegName, newcomer: Newcomer, relayed: boolean): void {
  const { dialog, occupant } = newcomer;
  const stays = otherLeg(leg);
  const wasHeld = call.onHold[leg];
  const wasHeldByCommand = call.heldByCommand[stays];
  call.leases.release(leg);
  call[leg] = dialog;
  call.sides = sides;
  call.newcomers[leg] = occupant;
  call.takesDigits[leg] = takesDigits(sides[leg]) ?? false;
  call.onHold[leg] = false;
  call.heldByCommand[leg] = call.heldByCommand[stays] = false;
  call.digits.changeSide(leg, dialog);
  keepSideGoing(call, leg, dialog);
  if (wasHeld) call.say('call.resumed', { leg, by: 'peer' });
  if (wasHeldByCommand) call.say('call.resumed', { leg: stays, by: 'command' });
  silence(call);
  const codecs = { a: sides.a.codec, b: sides.b.codec };
  call.say('call.media-changed', {
    leg,
    cause: 'transfer',
    codecs,
    transcoded: codecs.a !== codecs.b,
    relayed,
    ...negotiationOf(call, leg),
  });
}
