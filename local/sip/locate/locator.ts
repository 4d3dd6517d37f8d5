import { isIP } from 'node:net';
import {
  findServers,
  type KnownNames,
  type Naptr,
  type Question,
  type Service,
  type Reach as TransportReach,
} from '../../../core/find-servers.ts';
import { inTurn } from '../../../core/order-targets.ts';
import { type SipTarget as Target, usualPort } from '../../../core/sip-target.ts';
import type { Hop, Protocol } from '../transport/flow.ts';
import { FailedHops } from './failed-hops.ts';
import type { Names } from './names.ts';

export type Reach = TransportReach<Protocol>;

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

  /** Asks until it is known where the target leads. */
  async #hops(target: Target, reach: readonly Reach[]): Promise<Hop[]> {
    const known = new KnownAnswers(this.#names);
    for (;;) {
      const found = findServers(target, reach, known, (services) => inTurn(services, this.#random));
      if ('servers' in found) return [...found.servers];
      await Promise.all(found.ask.map((question) => known.ask(question)));
    }
  }
}

/** What DNS said while one target was looked for. */
class KnownAnswers implements KnownNames {
  readonly #names: Names;
  readonly #naptr = new Map<string, readonly Naptr[]>();
  readonly #srv = new Map<string, readonly Service[]>();
  readonly #addresses = new Map<string, readonly string[]>();

  constructor(names: Names) {
    this.#names = names;
  }

  naptr = (name: string) => this.#naptr.get(name);
  srv = (name: string) => this.#srv.get(name);
  addresses = (type: 'A' | 'AAAA', name: string) => this.#addresses.get(`${type} ${name}`);

  async ask({ type, name }: Question): Promise<void> {
    if (type === 'NAPTR') this.#naptr.set(name, await this.#names.naptr(name));
    else if (type === 'SRV') this.#srv.set(name, await this.#names.srv(name));
    else this.#addresses.set(`${type} ${name}`, await this.#names.addresses(name, type === 'A' ? 4 : 6));
  }
}

const reachable = (reach: readonly Reach[], transport: string): Protocol | undefined =>
  reach.find(({ protocol }) => protocol === transport)?.protocol;
