import { Silence } from '../../contracts/config/silence.ts';
import type { LegName } from '../../contracts/events/call.ts';
import { lookForSilence, nextLook, type SilenceFound, startOfSilence } from '../../core/silence.ts';
import type { HeardRtp } from '../ports.ts';
import type { Call } from './call.ts';
import { watchContract } from './contract-watch.ts';
import { occupantOf } from './occupant.ts';

/** The next look where rtpengine gave no answer, ms. */
const AGAIN_MS = 5_000;

/**
 * From the answer on, tells which side sends no RTP and ends the call where the policy says so. rtpengine is asked when a
 * limit could have been passed and not before: every `oneWaySeconds` of a call on which both sides talk.
 */
export function watchSilence(call: Call): void {
  const { clock } = call.context;
  let silence = startOfSilence(clock.monotonic());
  const checkContract = watchContract(call);
  const look = async () => {
    const heard = await call.media?.heard().catch(() => undefined);
    if (call.isOver) return;
    if (!heard) return lookAgain(clock.monotonic() + AGAIN_MS);
    checkContract(heard);
    const limits = limitsOf(call);
    const after = lookForSilence(silence, sidesOf(call, heard), clock.monotonic(), limits);
    silence = after.silence;
    for (const each of after.found) tell(call, each);
    if (!call.isOver) lookAgain(nextLook(silence, limits));
  };
  const lookAgain = (at: number) => void call.after(at - clock.monotonic(), () => void look());
  lookAgain(nextLook(silence, limitsOf(call)));
}

function tell(call: Call, found: SilenceFound): void {
  if (call.isOver) return;
  const silentMs = Math.round(found.silentMs);
  if (found.what === 'resumed') call.say('media.resumed', { leg: found.leg, silentMs });
  else if (found.what === 'one-way') call.say('media.one-way', { leg: found.leg, silentMs });
  else {
    const { leg, action } = found;
    call.say('media.timeout', { leg, silentMs, action });
    const from = leg === 'both' ? 'either side' : `leg ${leg}`;
    const detail = `no RTP came from ${from} for ${Math.round(silentMs / 1000)} s`;
    if (action === 'hangup') void call.end({ reason: 'media-timeout', detail });
  }
}

function sidesOf({ held, context: { clock } }: Call, heard: HeardRtp) {
  const ahead = clock.now() - clock.monotonic();
  const side = (leg: LegName) => {
    const { packets, lastAt } = heard[leg];
    return { packets, lastAt: lastAt === undefined ? undefined : lastAt - ahead, held: held[leg] };
  };
  return { a: side('a'), b: side('b') };
}

/** A trunk may say otherwise for its own side. */
function limitsOf(call: Call): { readonly [leg in LegName]: Silence } {
  const trunks = call.context.snapshot.current()?.config.trunks ?? {};
  const usual = call.route?.silence ?? Silence.parse({});
  const of = (trunk: string | undefined): Silence => {
    const own = trunk !== undefined && Object.hasOwn(trunks, trunk) ? trunks[trunk]?.silence : undefined;
    return {
      seconds: own?.seconds ?? usual.seconds,
      action: own?.action ?? usual.action,
      oneWaySeconds: own?.oneWaySeconds ?? usual.oneWaySeconds,
    };
  };
  return { a: of(occupantOf(call, 'a').trunk), b: of(occupantOf(call, 'b').trunk) };
}
