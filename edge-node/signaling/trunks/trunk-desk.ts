import type { RouteTarget } from '../../../contracts/route-decision.ts';
import { encryptionOf } from '../../../core/media-encryption.ts';
import type { Standing } from '../../../core/server-health.ts';
import type { Dns } from '../../ports.ts';
import type { Binding, Bindings } from '../registrar/bindings.ts';
import type { BindingsElsewhere } from '../registrar/bindings-elsewhere.ts';
import { passHeader } from '../registrar/handover.ts';
import { type Attempt, attemptFor, attemptsFor } from './attempts.ts';
import { findByName } from './find-server.ts';
import { keepNames } from './known-names.ts';
import { type ProbeParts, probeTrunks } from './probes.ts';
import { keepServerBook } from './server-book.ts';
import { countTrunks, type Release } from './trunk-limits.ts';
import type { EndpointStatus, ServerStatus } from './watched-endpoints.ts';

/** A trunk's endpoint with what it carries, for the operator. */
export interface TrunkStatus extends Omit<EndpointStatus, 'servers'> {
  /** Calls of the whole trunk on this edge. */
  readonly calls: number;
  /** `standing`: what calls have found, whatever probes say. */
  readonly servers: readonly (ServerStatus & { readonly standing: Standing })[];
}

/** What the edge knows of its trunks while calls go over them. */
export interface TrunkDesk extends Disposable {
  /** One more call on the trunk; undefined where it is at its limit. A trunk that is gone from the configuration has none. */
  take(trunk: string): Release | undefined;
  /** Every server of the targets, in the order in which they are called; weights are drawn with the seed. */
  attempts(targets: readonly RouteTarget[], seed: string): AsyncGenerator<Attempt, undefined>;
  /** The one place for which another edge has handed a call over. */
  attemptAt(target: RouteTarget, binding: Binding): AsyncGenerator<Attempt, undefined>;
  /** Whether the trunk says that this status ends the call instead of leading to the next target. */
  isFinal(target: RouteTarget, sipStatus: number): boolean;
  /** Whether an edge, or a server that answered OPTIONS before, does not answer one now. Settles within two seconds. */
  isSilent(attempt: Attempt): Promise<boolean>;
  /** Longest call over this target, s. */
  maxDurationSeconds(target: RouteTarget): number | undefined;
  /** Calls on the trunk, in both directions. */
  calls(trunk: string): number;
  status(): readonly TrunkStatus[];
  /** Every trunk of the configuration; `servers` only of those that are called. */
  gauges(): readonly {
    readonly trunk: string;
    readonly calls: number;
    readonly servers: number;
    readonly serversUp: number;
  }[];
}

export interface TrunkDeskParts extends Omit<ProbeParts, 'finder' | 'book'> {
  readonly dns: Dns;
  readonly bindings: Pick<Bindings, 'live' | 'byPass'>;
  readonly elsewhere: BindingsElsewhere;
  /** Of the SIP server: `udp/192.0.2.1:5060`. */
  readonly contacts: () => readonly string[];
}

const ASKED_AGAIN_MS = 2_000;

export function openTrunkDesk(parts: TrunkDeskParts): TrunkDesk {
  const { snapshot, clock, logger } = parts;
  const finder = findByName(keepNames(parts), parts.contacts);
  const book = keepServerBook(clock, logger);
  const probes = probeTrunks({ ...parts, finder, book });
  const counters = countTrunks(clock);
  const trunks = () => snapshot.current()?.config.trunks ?? {};
  const trunkOf = (name: string | undefined) => (name === undefined ? undefined : trunks()[name]);
  const standing = ({ trunk }: RouteTarget, server: string): Standing => {
    const now = book.standing(trunk, server);
    const isSilent = trunk !== undefined && !probes.isUp(trunk, server);
    return isSilent && now !== 'paused' ? 'down' : now;
  };
  const encryption = (target: RouteTarget) => encryptionOf(target, trunks());
  return {
    take: (name) => counters.take(name, trunkOf(name)?.limits ?? {}),
    attempts: (targets, seed) => attemptsFor(targets, seed, { ...parts, finder, book, standing, encryption }),
    attemptAt: (target, binding) => attemptFor(target, binding, { encryption }),
    isFinal: ({ trunk }, sipStatus) => trunkOf(trunk)?.finalStatuses.includes(sipStatus) ?? false,
    async isSilent({ target: { trunk, user, uri }, server, nextHop, pass }) {
      if (trunk === undefined || server === undefined) return false;
      if (pass === undefined && (user !== undefined || !probes.answers(trunk, server))) return false;
      const ping = uri.replace(/^sip:[^@]*@/, 'sip:ping@');
      const asked = parts.options(ping, ASKED_AGAIN_MS, nextHop, trunk, passHeader(pass));
      return (await asked.catch(() => undefined)) === undefined;
    },
    maxDurationSeconds: ({ trunk }) => trunkOf(trunk)?.limits.maxDurationSeconds,
    calls: counters.calls,
    status: () =>
      probes.status().map(({ servers, ...each }) => ({
        ...each,
        calls: counters.calls(each.trunk),
        servers: servers.map((one) => ({ ...one, standing: book.standing(each.trunk, one.server) })),
      })),
    gauges() {
      const servers = probes
        .status()
        .flatMap((each) => each.servers.map((one) => ({ ...one, trunk: each.trunk })));
      const takesCalls = ({ trunk, server, up }: (typeof servers)[number]) =>
        up && book.standing(trunk, server) === 'up';
      return Object.keys(trunks()).map((trunk) => {
        const own = servers.filter((server) => server.trunk === trunk);
        return {
          trunk,
          calls: counters.calls(trunk),
          servers: own.length,
          serversUp: own.filter(takesCalls).length,
        };
      });
    },
    [Symbol.dispose]: () => probes[Symbol.dispose](),
  };
}
