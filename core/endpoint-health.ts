import type { TrunkProbe } from '../contracts/config.ts';

/** What is known of one place where a carrier takes calls. An endpoint nobody has asked yet is taken to be up. */
export interface EndpointHealth {
  readonly up: boolean;
  /** Outcomes since the last change, newest last. */
  readonly recent: readonly boolean[];
}

export const notYetAsked: EndpointHealth = { up: true, recent: [] };

/**
 * One more outcome. Down when `down` of the last `of` failed; up again when the last `up` all went well: so an endpoint that
 * answers every other time goes down once and stays there.
 */
export function afterProbe(
  health: EndpointHealth,
  good: boolean,
  { down, of, up }: Pick<TrunkProbe, 'down' | 'of' | 'up'>,
): EndpointHealth {
  const recent = [...health.recent, good].slice(-Math.max(of, up));
  const failed = recent.slice(-of).filter((each) => !each).length;
  if (health.up) return failed >= down ? { up: false, recent: [] } : { up: true, recent };
  const last = recent.slice(-up);
  return last.length === up && last.every(Boolean) ? { up: true, recent: [] } : { up: false, recent };
}
