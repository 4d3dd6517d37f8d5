import type { LegName } from '../../../contracts/events/call.ts';

import type { Call } from '../call.ts';
import { readSession, type Session } from '../sdp.ts';
import { type Joined, otherLeg } from './joined.ts';
import { putBack } from './put-back.ts';

/** Why a side does not have what it was asked for; everything is as it was. */
export interface Unchanged {
  readonly why: string;
}

/** Offers one side something new, in the name of the other, which hears nothing of it. Part of an exchange. */
export async function askSide(
  call: Call,
  joined: Joined,
  leg: LegName,
  offer: Omit<Parameters<Joined['media']['reoffer']>[0], 'from'>,
): Promise<Session | Unchanged> {
  const { media, sides, dialogs } = joined;
  try {
    const local = sides[leg].telling(await media.reoffer({ ...offer, from: otherLeg(leg) }));
    const result = await dialogs[leg].reinvite(local);
    const session = result.kind === 'answered' ? readSession(result.sdp) : undefined;
    if (result.kind === 'gone') void call.end(goneBy(leg));
    if (result.kind === 'answered' && session) {
      await media.answer(result.sdp, leg);
      sides[leg].agree(result.sdp, local);
      return session;
    }
    await putBack(call, joined);
    return { why: whyNot(leg, result) };
  } catch (error) {
    await putBack(call, joined);
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

type Reinvited = Awaited<ReturnType<Joined['dialogs']['a']['reinvite']>>;

function whyNot(leg: LegName, result: Reinvited): string {
  if (result.kind === 'gone') return `leg ${leg} knows no such call any more`;
  return result.kind === 'refused'
    ? `leg ${leg} answered the re-INVITE with ${result.status}`
    : `leg ${leg} answered the re-INVITE without readable audio`;
}

/** RFC 3261 §12.2.1.2. */
export const goneBy = (by: LegName) =>
  ({
    reason: by === 'a' ? 'caller-hangup' : 'callee-hangup',
    by,
    detail: 'answered a re-INVITE as if there were no call',
  }) as const;
