/** The parts of a trunk that say who its callers are. */
interface CallerRules {
  readonly sources: readonly string[];
  readonly authentication?: { readonly in?: object | undefined } | undefined;
  readonly users?: Readonly<Record<string, unknown>> | undefined;
}

/** What is known of who sends a request. */
export interface CallerEvidence {
  /** Trunks that have the source address. */
  readonly bySource: readonly string[];
  /** Trunk whose account or user the sender proved to be by digest. */
  readonly byDigest?: string | undefined;
  /** Trunk at which the sender's address and flow are registered. */
  readonly byContact?: string | undefined;
}

/** `why` is for our log: the caller hears nothing of it. */
export type IdentifiedCaller =
  | { readonly trunk: string }
  | {
      readonly trunk: undefined;
      /** `unproven`: one of `trunks` it may be, once it proves so by digest. */
      readonly reason: 'unknown' | 'ambiguous' | 'unproven';
      readonly trunks: readonly string[];
      readonly why: string;
    };

/**
 * The one trunk a caller belongs to. Everything that a trunk lists must hold: the address where it has sources, credentials
 * or a registration where it has an account or users. A caller who could be two trunks is none: bills and rules differ.
 */
export function identifyCaller(
  { bySource, byDigest, byContact }: CallerEvidence,
  trunks: Readonly<Record<string, CallerRules>>,
): IdentifiedCaller {
  const proven = [...new Set([byDigest, byContact])].filter((name) => name !== undefined);
  const wantsProof = ({ authentication, users }: CallerRules) =>
    authentication?.in !== undefined || Object.keys(users ?? {}).length > 0;
  const isThere = (name: string, { sources }: CallerRules) => sources.length === 0 || bySource.includes(name);
  const possible = Object.entries(trunks).filter(
    ([name, trunk]) => isThere(name, trunk) && (trunk.sources.length > 0 || wantsProof(trunk)),
  );
  const holding = possible
    .filter(([name, trunk]) => !wantsProof(trunk) || proven.includes(name))
    .map(([name]) => name);
  const claims = [...new Set([...holding, ...proven])];
  const [trunk] = holding;
  if (claims.length > 1) return refused('ambiguous', claims, `is ${named(claims)} at once`);
  if (trunk !== undefined) return { trunk };
  if (proven.length > 0) {
    return refused('unknown', proven, `proves to be ${named(proven)}, from an address that is not its own`);
  }
  const unproven = possible.map(([name]) => name);
  if (unproven.length === 0) return refused('unknown', [], 'has an address that belongs to no trunk');
  return refused('unproven', unproven, `does not prove to be ${named(unproven)}`);
}

const refused = (reason: 'unknown' | 'ambiguous' | 'unproven', trunks: readonly string[], why: string) => ({
  ...{ trunk: undefined, reason, trunks, why },
});

const named = (trunks: readonly string[]) =>
  `${trunks.length > 1 ? 'trunks' : 'trunk'} ${trunks.map((name) => `"${name}"`).join(' and ')}`;
