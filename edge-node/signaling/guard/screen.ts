import type { RoutingConfig } from '../../../contracts/config.ts';
import { trunksOfSource } from '../../../core/identify-trunk.ts';
import type { Clock, Metrics, RoutingSnapshot } from '../../ports.ts';
import type { Screening, SipHandlers, StrangerRequest } from '../sip.ts';
import type { QuietLog } from './quiet-log.ts';
import { createSourceRates, sourceOf } from './source-rates.ts';

export interface ScreenParts {
  readonly snapshot: Pick<RoutingSnapshot, 'current'>;
  readonly metrics: Pick<Metrics, 'turnedAway' | 'refused'>;
  readonly clock: Clock;
  readonly log: QuietLog;
  /** Whether an edge of ours can have sent a request with this pass. */
  readonly isKnown: (pass: string) => boolean;
}

type Trunks = RoutingConfig['trunks'];
type Reason = 'scanner' | 'over-rate' | 'unknown-source';

/** Methods that have a rate of their own; all others share that of OPTIONS. */
const rateOf = { INVITE: 'invite', REGISTER: 'register' } as const;
type RatedMethod = keyof typeof rateOf;
const isRated = (method: string): method is RatedMethod => Object.hasOwn(rateOf, method);

/**
 * Looks at every request outside a dialog before anything is made of it. Nothing that is turned away here becomes a call,
 * an event or a record, or counts against the calls this edge takes: only a counter and, now and then, a log line.
 */
export function createScreen({ snapshot, metrics, clock, log, isKnown }: ScreenParts): SipHandlers['screen'] {
  const rates = {
    invite: createSourceRates(clock),
    register: createSourceRates(clock),
    options: createSourceRates(clock),
  };
  const turnAway = ({ method, address, userAgent }: StrangerRequest, reason: Reason, outcome: Screening) => {
    const counted = isRated(method) || method === 'OPTIONS' ? method : 'other';
    metrics.turnedAway(counted, reason, outcome);
    if (outcome === 'forbid' && method === 'INVITE') metrics.refused('unknown-source');
    const seen = { method, address, ...(userAgent ? { userAgent: userAgent.slice(0, 100) } : {}) };
    log.warn(`${reason} ${outcome}`, seen, messages[reason]);
    return outcome;
  };

  return (request) => {
    const config = snapshot.current()?.config;
    if (!config) return 'pass';
    if (request.pass !== undefined && isKnown(request.pass)) return 'pass';
    const { guard, trunks } = config;
    if (isScanner(request.userAgent, guard.scanners)) return turnAway(request, 'scanner', 'discard');
    if (trunksOfSource(request.address, trunks).length > 0) return 'pass';
    const rated = isRated(request.method) ? rateOf[request.method] : 'options';
    if (!rates[rated].allows(sourceOf(request.address), guard.rates[rated]))
      return turnAway(request, 'over-rate', 'discard');
    return anybodyMayBeKnown(trunks) ? 'pass' : turnAway(request, 'unknown-source', guard.unknownSources);
  };
}

const messages: Readonly<Record<Reason, string>> = {
  scanner: 'discarded a request of a scanner',
  'over-rate': 'discarded what one source sends too fast',
  'unknown-source': 'turned away a request from an address that belongs to no trunk',
};

function isScanner(userAgent: string | undefined, scanners: readonly string[]): boolean {
  if (!userAgent) return false;
  const said = userAgent.slice(0, 256).toLowerCase();
  return scanners.some((part) => said.includes(part.toLowerCase()));
}

const hasUsers = (trunk: object) => 'users' in trunk && Object.keys(trunk.users ?? {}).length > 0;

/** Asked for every request of a stranger: found once per configuration. */
const found = new WeakMap<Trunks, boolean>();

/** Whether some trunk's callers come from any address and say by digest who they are. */
function anybodyMayBeKnown(trunks: Trunks): boolean {
  const known = found.get(trunks);
  if (known !== undefined) return known;
  const may = Object.values(trunks).some(
    (trunk) => trunk.sources.length === 0 && (trunk.authentication?.in !== undefined || hasUsers(trunk)),
  );
  found.set(trunks, may);
  return may;
}
