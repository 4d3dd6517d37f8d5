import type { RouteTarget } from '../../../contracts/route-decision.ts';
import { type EndpointStatus, type ProbeParts, probeTrunks } from './probes.ts';
import { countTrunks, type Release } from './trunk-limits.ts';

/** A trunk's endpoint with what it carries, for the operator. */
export interface TrunkStatus extends EndpointStatus {
  /** Calls of the whole trunk on this edge. */
  readonly calls: number;
}

/** What the edge knows of its trunks while calls go over them. */
export interface TrunkDesk extends Disposable {
  /** One more call on the trunk; undefined where it is at its limit. A trunk that is gone from the configuration has none. */
  take(trunk: string): Release | undefined;
  /** The same targets, those that are not reached last: where nothing is reached, trying is better than refusing. */
  reachableFirst(targets: readonly RouteTarget[]): readonly RouteTarget[];
  /** Whether the trunk says that this status ends the call instead of leading to the next target. */
  isFinal(target: RouteTarget, sipStatus: number): boolean;
  /** Longest call over this target, s. */
  maxDurationSeconds(target: RouteTarget): number | undefined;
  status(): readonly TrunkStatus[];
}

export function openTrunkDesk(parts: ProbeParts): TrunkDesk {
  const { snapshot, clock } = parts;
  const probes = probeTrunks(parts);
  const counters = countTrunks(clock);
  const trunkOf = (name: string | undefined) =>
    name === undefined ? undefined : snapshot.current()?.config.trunks[name];
  const reached = ({ trunk, uri }: RouteTarget) => {
    const endpoint = endpointIn(uri);
    return trunk === undefined || endpoint === undefined || probes.isUp(trunk, endpoint);
  };
  return {
    take: (name) => counters.take(name, trunkOf(name)?.limits ?? {}),
    reachableFirst: (targets) => [
      ...targets.filter(reached),
      ...targets.filter((target) => !reached(target)),
    ],
    isFinal: ({ trunk }, sipStatus) => trunkOf(trunk)?.finalStatuses.includes(sipStatus) ?? false,
    maxDurationSeconds: ({ trunk }) => trunkOf(trunk)?.limits.maxDurationSeconds,
    status: () => probes.status().map((each) => ({ ...each, calls: counters.calls(each.trunk) })),
    [Symbol.dispose]: () => probes[Symbol.dispose](),
  };
}

/** The endpoint a target's URI leads to, by the name it has among the probes. */
function endpointIn(uri: string): string | undefined {
  const [, host, port, transport = 'udp'] =
    /^sip:[^@]*@(\[[^\]]+\]|[^:;]+)(:\d+)?(?:;transport=(\w+))?$/.exec(uri) ?? [];
  return host && `${host.replace(/^\[|\]$/g, '')}${port ?? ''};transport=${transport}`;
}
