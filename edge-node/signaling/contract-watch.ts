import type { LegName } from '../../contracts/events/call.ts';
import { type BrokenPromise, brokenPromises, type MediaContract } from '../../core/media-contract.ts';
import type { HeardRtp } from '../ports.ts';
import type { Call } from './call.ts';
import type { Side } from './mid-call/side.ts';
import { readSession } from './sdp.ts';

/** RFC 3551 §4.5, for whoever names no other. */
const USUAL_PTIME_MS = 20;

interface Look {
  readonly heard: HeardRtp[LegName];
  readonly at: number;
  /** What was agreed on then: after a change the count begins anew. */
  readonly agreed: string;
}

/** Says, once for each promise of each side, what a side sends otherwise than it has agreed to. */
export function watchContract(call: Call): (heard: HeardRtp) => void {
  const last: Partial<Record<LegName, Look>> = {};
  const told = new Set<string>();
  const check = (leg: LegName, heard: HeardRtp[LegName]) => {
    const side = call.sides?.[leg];
    if (!side) return;
    const before = last[leg];
    const now = { heard, at: call.context.clock.monotonic(), agreed: `${side.local}${side.remote}` };
    last[leg] = now;
    if (!before || before.agreed !== now.agreed || heard.packets < before.heard.packets) return;
    const between = {
      packets: heard.packets - before.heard.packets,
      bytes: heard.bytes - before.heard.bytes,
      elapsedMs: now.at - before.at,
      codec: heard.codec,
    };
    for (const broken of brokenPromises(between, contractOf(side))) tell(leg, broken);
  };
  const tell = (leg: LegName, broken: BrokenPromise) => {
    const key = `${leg} ${broken.promise}`;
    if (told.has(key) || call.isOver) return;
    told.add(key);
    call.say('media.contract-broken', {
      ...{ leg, promise: broken.promise },
      ...{ agreed: broken.agreed.slice(0, 64), found: broken.found.slice(0, 64) },
    });
  };
  return (heard) => {
    for (const leg of ['a', 'b'] as const) check(leg, heard[leg]);
  };
}

function contractOf({ local, remote }: Side): MediaContract {
  const [ours, theirs] = [readSession(local), readSession(remote)];
  const named = new Set(theirs?.codecs.map((name) => name.toLowerCase()));
  return {
    codecs: ours?.codecs.filter((name) => named.has(name.toLowerCase())) ?? [],
    ptime: ptimeIn(local) ?? ptimeIn(remote) ?? USUAL_PTIME_MS,
    sends: theirs?.direction !== 'recvonly' && theirs?.direction !== 'inactive',
  };
}

/** RFC 8866 §6.4: what whoever says it wants to get. */
const ptimeIn = (sdp: string): number | undefined => {
  const ms = Number(/^a=ptime:(\d{1,3})\s*$/m.exec(sdp)?.[1]);
  return ms > 0 ? ms : undefined;
};
