import { isIPv6 } from 'node:net';
import type { Hops, Reach } from '../locate/locator.ts';
import { type Target, targetOf, usualPort } from '../locate/target.ts';
import type { Hop, Listener, Protocol } from '../transport/flow.ts';
import type { Engine } from './engine.ts';

const familyOf = (host: string): 4 | 6 => (isIPv6(host.replace(/[[\]]/g, '')) ? 6 : 4);

const reachOf = (engine: Engine, only?: Protocol): Reach[] =>
  engine.transports.listeners
    .filter(({ protocol }) => only === undefined || protocol === only)
    .map(({ protocol, host }) => ({ protocol, family: familyOf(host) }));

/** Can we send there at all, as far as its URI tells? */
export function canReach(engine: Engine, target: Target): boolean {
  const asked = target.transport ?? (target.secure ? 'tls' : undefined);
  return reachOf(engine).some(({ protocol }) => asked === undefined || protocol === asked);
}

/** The places a URI leads to; `only` when it has to be that transport. Calls back at once when no name is in it. */
export function locate(
  engine: Engine,
  uri: string,
  only: Protocol | undefined,
  found: (hops: Hops | undefined) => void,
): void {
  const kept = engine.flows.find(uri);
  if (kept && (only === undefined || kept.protocol === only)) {
    found([kept]);
    return;
  }
  const target = targetOf(uri);
  if (!target) found(undefined);
  else
    engine.locator.locate(
      only === undefined ? target : { ...target, transport: only },
      reachOf(engine, only),
      found,
    );
}

/** Which of our addresses a hop is reached from. */
export function listenerTo(engine: Engine, hop: Hop): Listener | undefined {
  const { listeners } = engine.transports;
  const fits = (one: Listener) => one.protocol === hop.protocol && familyOf(one.host) === familyOf(hop.host);
  return listeners.find(fits) ?? engine.transports.listenerFor(hop.protocol);
}

/** Is this one of our own addresses? */
export function isOurs(engine: Engine, target: Target): boolean {
  const transport = target.transport ?? (target.secure ? 'tls' : 'udp');
  return engine.transports.listeners.some(
    ({ protocol, host, port }) =>
      protocol === transport && host === target.host && port === (target.port ?? usualPort(transport)),
  );
}
