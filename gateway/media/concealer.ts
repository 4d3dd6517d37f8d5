/** How loud the repetitions of a lost frame are; then there is silence (ITU-T G.711 appendix I fades over 60 ms, too). */
const FADE = [0.8, 0.5, 0.2];

/** Stands in for frames that are lost: what was heard last, ever softer. */
export class Concealer {
  #last: Int16Array = new Int16Array(0);
  #repeated = 0;

  heard(samples: Int16Array): void {
    this.#last = samples;
    this.#repeated = 0;
  }

  next(length: number): { readonly samples: Int16Array; readonly isHeard: boolean } {
    const samples = new Int16Array(length);
    const gain = FADE[this.#repeated] ?? 0;
    this.#repeated += 1;
    const { length: known } = this.#last;
    if (gain === 0 || known === 0) return { samples, isHeard: false };
    for (let at = 0; at < length; at += 1) samples[at] = Math.round((this.#last[at % known] ?? 0) * gain);
    return { samples, isHeard: true };
  }
}
