import type { RoutingConfig, Trunk } from '../../../contracts/config.ts';
import type { CapUsed } from '../../../core/spend.ts';
import type { RegistrationStatus } from './registration.ts';
import type { TrunkStatus } from './trunk-desk.ts';

type Endpoint = Omit<TrunkStatus, 'trunk' | 'calls'>;

/** One trunk of this edge, for the operator. Counts are this edge's own. */
export interface TrunkReport {
  readonly trunk: string;
  readonly calls: number;
  /** Null: no limit. */
  readonly limits: { readonly calls: number | null; readonly callsPerSecond: number | null };
  /** SRTP, and how it gets its keys. */
  readonly encryption: Trunk['encryption'];
  readonly keying: Trunk['keying'];
  /** Every cap of what calls out may cost. */
  readonly caps: readonly CapUsed[];
  /** Null: the trunk has no users. */
  readonly contacts: number | null;
  readonly endpoints: readonly Endpoint[];
  readonly registrations: readonly Omit<RegistrationStatus, 'trunk'>[];
}

interface TrunkFacts {
  readonly trunks: RoutingConfig['trunks'];
  readonly endpoints: readonly TrunkStatus[];
  readonly calls: (trunk: string) => number;
  readonly caps: (trunk: string) => readonly CapUsed[];
  readonly bindings: readonly { readonly trunk: string; readonly bindings: number }[];
  readonly registrations: readonly RegistrationStatus[];
}

/** Every trunk of the configuration in its order, those that are never called too. */
export const reportTrunks = (facts: TrunkFacts): readonly TrunkReport[] =>
  Object.entries(facts.trunks).map(([trunk, { limits, encryption, keying }]) => {
    const isOwn = (each: { readonly trunk: string }) => each.trunk === trunk;
    return {
      trunk,
      calls: facts.calls(trunk),
      limits: { calls: limits.calls ?? null, callsPerSecond: limits.callsPerSecond ?? null },
      ...{ encryption, keying },
      caps: facts.caps(trunk),
      contacts: facts.bindings.find(isOwn)?.bindings ?? null,
      endpoints: facts.endpoints.filter(isOwn).map(({ trunk: _, calls: __, ...endpoint }) => endpoint),
      registrations: facts.registrations.filter(isOwn).map(({ trunk: _, ...registration }) => registration),
    };
  });
