import * as z from 'zod';
import { callEvent, Ulid } from '../envelope.ts';
import { LegName } from './call.ts';
import { Negotiation } from './negotiation.ts';

const SipStatus = z.int().min(100).max(699);
const CodecName = z.string().min(1).max(32);

/** Who wanted it: the side itself, or a command. */
const AskedBy = z.enum(['peer', 'command']);

/** `leg` is on hold; `direction` is what that side says of its own audio (RFC 3264 §8.4). */
export const CallHeld = callEvent('call.held', {
  leg: LegName,
  by: AskedBy,
  direction: z.enum(['sendonly', 'recvonly', 'inactive']),
  negotiation: Negotiation.optional(),
});

export const CallResumed = callEvent('call.resumed', {
  leg: LegName,
  by: AskedBy,
  negotiation: Negotiation.optional(),
});

/** The media of an answered call is another than before. */
export const CallMediaChanged = callEvent('call.media-changed', {
  /** Where the change began. */
  leg: LegName,
  cause: z.enum(['reinvite', 'update', 'command', 'transfer']),
  codecs: z.object({ a: CodecName.nullable(), b: CodecName.nullable() }),
  transcoded: z.boolean(),
  /** Whether the other side was asked as well. */
  relayed: z.boolean(),
  negotiation: Negotiation.optional(),
});

const transfer = {
  /** The same in all events of one transfer. */
  transferId: Ulid,
  kind: z.enum(['blind', 'attended', 'bridged', 'refer']),
  /** The side that asked for it, or a command. */
  by: z.enum(['a', 'b', 'command']),
  /** Who is to be reached, as it was asked for. */
  target: z.string().min(1).max(512),
};

/** One side of the call is to be connected to somebody else. */
export const CallTransferring = callEvent('call.transferring', transfer);

export const CallTransferred = callEvent('call.transferred', transfer);

/** Nothing came of it: the call is as it was. */
export const CallTransferFailed = callEvent('call.transfer-failed', {
  ...transfer,
  /** Of the one that failed it; null where nobody answered. */
  sipStatus: SipStatus.nullable(),
  /** `target`: who was called. `referee`: the side that was asked to call. `platform`: nobody was called. */
  failedBy: z.enum(['target', 'referee', 'platform']),
  detail: z.string().max(512),
});
