import { isIP } from 'node:net';
import type { Hop, Protocol } from '../transport/flow.ts';
import { FailedHops } from './failed-hops.ts';
import type { Names, Service } from './names.ts';
import { inTurn, servicesName, wanted } from './order.ts';
import { type Target, usualPort } from './target.ts';

/** A transport of ours, and the kind of addresses it reaches. */
export interface Reach {
  readonly protocol: Protocol;
  readonly family: 4 | 6;
}

/** Never empty; the first is to be tried first. */
export type Hops = readonly [Hop, ...Hop[]];

/** More places than these of one name are not tried. */
const mostHops = 16;

/** Finds where a URI leads: RFC 3263 §4, with the failures of the past. */
export class Locator {
  readonly failures: FailedHops;
  readonly #names: Names;
  readonly #random: () => number;

  constructor(names: Names, random: () => number = Math.random, failures = new FailedHops()) {
    this.#names = names;
    this.#random = random;
    this.failures = failures;
  }

  /** Calls back at once when the target is an address; with undefined when nobody we reach is there. */
  locate(target: Target, reach: readonly Reach[], found: (hops: Hops | undefined) => void): void {
    const family = isIP(target.host);
    if (family !== 0) {
      const kin = reach.filter((one) => one.family === family);
      const protocol = reachable(kin, target.transport ?? (target.secure ? 'tls' : 'udp'));
      found(protocol && [{ protocol, host: target.host, port: target.port ?? usualPort(protocol) }]);
      return;
    }
    this.#resolve(target, reach).then(
      ([first, ...others]) => found(first && [first, ...others]),
      () => found(undefined),
    );
  }

  async #resolve(target: Target, reach: readonly Reach[]): Promise<Hop[]> {
    const hops = await this.#hops(target, reach);
    return this.failures.inOrder(hops).slice(0, mostHops);
  }

  async #hops(target: Target, reach: readonly Reach[]): Promise<Hop[]> {
    const { host, port, transport, secure } = target;
    if (transport === undefined && port === undefined) return this.#byDomain(target, reach);
    const protocol = reachable(reach, transport ?? (secure ? 'tls' : 'udp'));
    if (!protocol) return [];
    if (port !== undefined) return this.#addresses(host, port, protocol, reach);
    return (
      (await this.#byServices(servicesName(protocol, host), protocol, reach)) ??
      this.#plain(host, protocol, reach)
    );
  }

  /** The domain says which transport it wants (§4.1). */
  async #byDomain({ host, secure }: Target, reach: readonly Reach[]): Promise<Hop[]> {
    const asked = wanted(await this.#names.naptr(host), secure);
    const ours = ['udp', 'tcp', 'tls', 'ws', 'wss']
      .filter((transport) => !secure || transport === 'tls' || transport === 'wss')
      .map((transport) => ({ transport, services: servicesName(transport, host) ?? '' }));
    for (const { transport, services } of asked.length > 0 ? asked : ours) {
      const protocol = reachable(reach, transport);
      const hops = protocol && (await this.#byServices(services, protocol, reach));
      if (hops) return hops;
    }
    const protocol = reachable(reach, secure ? 'tls' : 'udp');
    return protocol ? this.#plain(host, protocol, reach) : [];
  }

  /** Undefined when nobody named services; none at all when there are said to be none (RFC 2782: a target of `.`). */
  async #byServices(
    name: string | undefined,
    protocol: Protocol,
    reach: readonly Reach[],
  ): Promise<Hop[] | undefined> {
    const services: readonly Service[] = name === undefined ? [] : await this.#names.srv(name);
    if (services.length === 0) return undefined;
    const real = services.filter((service) => service.name !== '' && service.name !== '.');
    const hops: Hop[] = [];
    for (const service of inTurn(real, this.#random))
      hops.push(...(await this.#addresses(service.name, service.port, protocol, reach)));
    return hops;
  }

  #plain(host: string, protocol: Protocol, reach: readonly Reach[]): Promise<Hop[]> {
    return this.#addresses(host, usualPort(protocol), protocol, reach);
  }

  async #addresses(name: string, port: number, protocol: Protocol, reach: readonly Reach[]): Promise<Hop[]> {
    const families = ([4, 6] as const).filter((family) =>
      reach.some((one) => one.protocol === protocol && one.family === family),
    );
    const found = await Promise.all(families.map((family) => this.#names.addresses(name, family)));
    return found.flat().map((host) => ({ protocol, host, port }));
  }
}

const reachable = (reach: readonly Reach[], transport: string): Protocol | undefined =>
  reach.find(({ protocol }) => protocol === transport)?.protocol;
