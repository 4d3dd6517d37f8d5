import type { LegName } from '../../contracts/events/call.ts';
import { MediaError, type MediaPlayback } from '../ports.ts';
import type { Gates } from './gates.ts';
import { ringing } from './ringing.ts';
import type { NgRequest } from './rtpengine.ts';

/** rtpengine plays a file so often where it is to be played until it is stopped: years. */
const WITHOUT_END = 1_000_000;

const other = (leg: LegName): LegName => (leg === 'a' ? 'b' : 'a');

/**
 * Recordings in a call. What the other side says is kept away meanwhile, for rtpengine would send both at once; its
 * RFC 4733 digits go through. A play is safe to ask for again: it then begins anew.
 */
export const playbackOf = (
  side: (leg: LegName) => Record<string, string>,
  ng: NgRequest,
  gates: Gates,
): MediaPlayback => {
  const stop = async (legs: readonly LegName[]) => {
    const asked = legs.flatMap((leg) => [ng('stopMedia', side(leg)), gates.open(other(leg), 'playback')]);
    const failed = (await Promise.allSettled(asked)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  };
  const playTo = async (leg: LegName, source: Source, times: number): Promise<number> => {
    await gates.close(other(leg), 'playback');
    const again = times === 0 ? WITHOUT_END : times;
    const { duration } = await ng('playMedia', { ...side(leg), ...source, 'repeat-times': again });
    // It says ok to a file of which it can read the header and nothing else.
    if (!duration) throw new MediaError('refused', 'rtpengine cannot decode this recording');
    return duration;
  };
  const play = async (source: Source, legs: readonly LegName[], times: number) => {
    try {
      const durations = await Promise.all(legs.map((leg) => playTo(leg, source, times)));
      return Math.max(...durations);
    } catch (error) {
      await stop(legs).catch(() => undefined);
      throw error;
    }
  };
  return {
    play: (file, legs, times) => play({ file }, legs, times),
    ring: async (legs) => void (await play({ blob: ringing }, legs, 0)),
    stop,
  };
};

/** A file that rtpengine finds by itself, or the recording as such. */
type Source = { readonly file: string } | { readonly blob: string };
