export interface BackOff {
  readonly firstMs: number;
  readonly capMs: number;
}

/** Doubles from `firstMs` up to `capMs`; the second half is chance, so that edges do not come back in step. */
export function delayBefore(attempt: number, { firstMs, capMs }: BackOff, random = Math.random): number {
  const full = Math.min(capMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return full / 2 + (random() * full) / 2;
}
