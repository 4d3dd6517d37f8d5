/** What shares calls: lower `priority` first, equal ones by `weight`. */
interface Shared {
  readonly priority: number;
  readonly weight: number;
}

/**
 * Targets in the order in which they are tried: by priority, and within one by a weighted draw (RFC 2782). The draw is
 * seeded, so a Lambda and an edge that know the same call id come to the same order.
 */
export const orderTargets = <T extends Shared>(targets: readonly T[], seed: string): T[] =>
  inTurn(targets, seededRandom(seed));

/** The same by any numbers from 0 to below 1. */
export function inTurn<T extends Shared>(targets: readonly T[], random: () => number): T[] {
  const priorities = [...new Set(targets.map((target) => target.priority))].sort((a, b) => a - b);
  return priorities.flatMap((priority) =>
    draw(
      targets.filter((target) => target.priority === priority),
      random,
    ),
  );
}

/**
 * RFC 2782: one is drawn by the running sum of weights, again and again. The draw is a real number, not the RFC's whole
 * one, which would give the first of two targets of weight 1 two calls of three. So weight 0 comes after all others, in
 * the order of the file.
 */
function draw<T extends Shared>(targets: readonly T[], random: () => number): T[] {
  const left = [...targets];
  const drawn: T[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, target) => sum + target.weight, 0);
    const mark = random() * total;
    let sum = 0;
    const index = left.findIndex((target) => {
      sum += target.weight;
      return sum > mark;
    });
    drawn.push(...left.splice(Math.max(0, index), 1));
  }
  return drawn;
}

/** mulberry32 over an FNV-1a hash: evenly spread, and the same on every machine. Not for secrets. */
function seededRandom(seed: string): () => number {
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
