import type { DigitsTaken } from '../../../contracts/config/codecs.ts';
import type { Keying } from '../../../contracts/config/encryption.ts';
import type { ConnectRoute, RouteTarget } from '../../../contracts/route-decision.ts';
import type { TerminationReason } from '../../../contracts/terminations.ts';
import { terminations } from '../../../core/terminations.ts';
import { MediaError, type MediaOffer } from '../../ports.ts';
import type { Call } from '../call.ts';
import { takenBy, takenByTarget } from '../digits/modes.ts';
import { codecsFor } from './plan-codecs.ts';

/** Why one attempt to reach somebody failed. */
export interface Failed {
  readonly reason: TerminationReason;
  readonly status: number;
  readonly detail: string;
}

/** The SDP for the target: a fresh offer each time. Undefined for a late offer: the target is asked for one. */
export async function offerTo(
  call: Call,
  target: Pick<RouteTarget, 'trunk' | 'dtmf' | 'socket'>,
  keying?: Keying,
): Promise<string | undefined | Failed> {
  const { sdp } = call.invite;
  call.media ??= call.context.media.session(call.id);
  if (sdp === undefined) return undefined;
  const { kept, transcoded, add } = codecsFor(call, target.trunk);
  const capture = routeOf(call).quality === 'capture';
  try {
    const codecs = { kept, transcoded, add };
    const inside = target.socket !== undefined;
    const offer = { sdp, from: 'a', codecs, keying, capture, inside } as const;
    return await call.media.offer({ ...offer, ...audioOf(call, target) });
  } catch (error) {
    return mediaFailure(error);
  }
}

/** How the audio between the caller and a target is cut into packets, and which of them has its digits in it. */
export function audioOf(
  call: Call,
  { trunk, dtmf }: Pick<RouteTarget, 'trunk' | 'dtmf'>,
): Pick<MediaOffer, 'ptime' | 'inBand' | 'byInfo'> {
  const trunks = call.context.snapshot.current()?.config.trunks ?? {};
  const ptime = { a: trunks[call.trunk]?.ptime, b: trunk === undefined ? undefined : trunks[trunk]?.ptime };
  return { ptime, ...digitsBetween(takenBy(call, 'a'), takenByTarget(call, { trunk, dtmf })) };
}

function digitsBetween(one: DigitsTaken, other: DigitsTaken): Pick<MediaOffer, 'inBand' | 'byInfo'> {
  const where = (is: (taken: DigitsTaken) => boolean) => ({ a: is(one), b: is(other) });
  const inBand = where((taken) => taken === 'in-band');
  const byInfo = where((taken) => taken === 'info' || taken === 'info-dtmf');
  return {
    ...(inBand.a || inBand.b ? { inBand } : {}),
    // Two that both speak INFO need nothing of rtpengine.
    ...(byInfo.a === byInfo.b ? {} : { byInfo }),
  };
}

/** An engine that is away is our fault; an SDP it cannot read is the caller's. */
export function mediaFailure(error: unknown): Failed {
  if (!(error instanceof MediaError)) throw error;
  const reason = error.kind === 'bad-sdp' ? 'malformed-request' : 'media-unavailable';
  return { reason, status: terminations[reason].sip, detail: error.message };
}

export function routeOf(call: Call): ConnectRoute {
  if (!call.route) throw new Error('a call was dialled before it was routed');
  return call.route;
}
