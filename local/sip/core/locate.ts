import { isIP, isIPv6 } from 'node:net';
import { type SipTarget as Target, targetOf, usualPort } from '../../../core/sip-target.ts';
import type { Hops, Reach } from '../locate/locator.ts';
import type { Hop, Listener, Protocol } from '../transport/flow.ts';
import type { Engine } from './engine.ts';

const bare = (host: string): string => host.replace(/[[\]]/g, '');

const familyOf = (host: string): 4 | 6 => (isIPv6(bare(host)) ? 6 : 4);

const isLoopback = (host: string): boolean => /^(127\.|::1$)/.test(bare(host));

const reachOf = (engine: Engine, only?: Protocol): Reach[] =>
  engine.transports.listeners
    .filter(({ protocol }) => only === undefined || protocol === only)
    .map(({ protocol, host }) => ({ protocol, family: familyOf(host) }));

/** Can we send there at all, as far as its URI tells? */
export function canReach(engine: Engine, uri: string, target: Target): boolean {
  if (engine.flows.find(uri)) return true; // a browser says ws of itself where it has come by wss
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
      (hops) => found(hops && named(hops, target.name ?? target.host)),
    );
}

/** Whoever is found there has to prove that it is who was asked for. */
function named([first, ...others]: Hops, name: string): Hops {
  return isIP(name) === 0
    ? [{ ...first, name }, ...others.map((hop) => ({ ...hop, name }))]
    : [first, ...others];
}

/** Which of our addresses a hop is reached from: of its transport and family, and loopback from loopback. */
export function listenerTo(engine: Engine, hop: Hop): Listener | undefined {
  if (hop.connection?.listener) return hop.connection.listener;
  const ours = engine.transports.listeners.filter((one) => one.protocol === hop.protocol);
  const kin = ours.filter((one) => familyOf(one.host) === familyOf(hop.host));
  const near = (one: Listener) => isLoopback(one.host) === isLoopback(hop.host);
  return kin.find((one) => bare(one.host) === bare(hop.host)) ?? kin.find(near) ?? kin[0] ?? ours[0];
}

/** Is this one of our own addresses? */
export function isOurs(engine: Engine, target: Target): boolean {
  const transport = target.transport ?? (target.secure ? 'tls' : 'udp');
  return engine.transports.listeners.some(
    ({ protocol, host, port }) =>
      protocol === transport &&
      host.replace(/[[\]]/g, '') === target.host &&
      port === (target.port ?? usualPort(transport)),
  );
}
