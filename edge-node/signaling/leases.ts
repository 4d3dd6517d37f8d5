import type { LegName } from '../../contracts/events/call.ts';

type Release = () => void;

/** What each side of a call holds, a trunk's line and the like, until it leaves or the call ends. */
export class Leases {
  readonly #held: Readonly<Record<LegName, Set<Release>>> = { a: new Set(), b: new Set() };

  add(leg: LegName, release: Release): void {
    this.#held[leg].add(release);
  }

  /** The side has left. */
  release(leg: LegName): void {
    this.handOn(leg)();
  }

  /** The side goes on in another call, which gives back what it holds by calling this. */
  handOn(leg: LegName): Release {
    const held = [...this.#held[leg]];
    this.#held[leg].clear();
    return () => {
      for (const release of held.splice(0)) release();
    };
  }
}
