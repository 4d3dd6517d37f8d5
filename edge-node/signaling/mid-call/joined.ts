import type { LegName } from '../../../contracts/events/call.ts';
import type { MediaSession } from '../../ports.ts';
import type { Call } from '../call.ts';
import type { Dialog } from '../sip.ts';
import type { Side } from './side.ts';

/** Both legs of a call that is up, and what each has agreed on. */
export interface Joined {
  readonly media: MediaSession;
  readonly dialogs: Readonly<Record<LegName, Dialog>>;
  readonly sides: Readonly<Record<LegName, Side>>;
}

/** Undefined before both legs stand, and once the call is over. */
export function joinedOf({ a, b, media, sides, isOver }: Call): Joined | undefined {
  return a && b && media && sides && !isOver ? { media, sides, dialogs: { a, b } } : undefined;
}

export const otherLeg = (leg: LegName): LegName => (leg === 'a' ? 'b' : 'a');
