import type { SipTarget } from './sip-target.ts';
import { usualPort } from './sip-target.ts';

/** An SRV record. */
export interface Service {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** A NAPTR record. */
export interface Naptr {
  readonly service: string;
  readonly flags: string;
  readonly replacement: string;
  readonly order: number;
  readonly preference: number;
}

/** One question to DNS. */
export interface Question {
  readonly type: 'NAPTR' | 'SRV' | 'A' | 'AAAA';
  readonly name: string;
}

/** What DNS has answered so far: no records for a name that has none, undefined for a question that was not asked yet. */
export interface KnownNames {
  naptr(name: string): readonly Naptr[] | undefined;
  srv(name: string): readonly Service[] | undefined;
  addresses(type: 'A' | 'AAAA', name: string): readonly string[] | undefined;
}

/** A transport of ours, and the kind of addresses it reaches. */
export interface Reach<P extends string = string> {
  readonly protocol: P;
  readonly family: 4 | 6;
}

export interface Server<P extends string = string> {
  readonly protocol: P;
  /** an address, without brackets */
  readonly host: string;
  readonly port: number;
}

/** Either where the target leads, in the order in which that is to be tried, or what has to be asked first. */
export type Found<P extends string = string> =
  | { readonly servers: readonly Server<P>[] }
  | { readonly ask: readonly Question[] };

/**
 * RFC 3263 §4 for a host that is a name. It asks nobody: it says what it has to know, and is called again when that is known.
 * `inTurn` puts services into the order in which they are tried (RFC 2782).
 */
export function findServers<P extends string>(
  { host, port, transport, secure }: SipTarget,
  reach: readonly Reach<P>[],
  known: KnownNames,
  inTurn: (services: readonly Service[]) => readonly Service[],
): Found<P> {
  const over = (wanted: string) => reach.find(({ protocol }) => protocol === wanted)?.protocol;
  const usual = over(transport ?? (secure ? 'tls' : 'udp'));
  const at = (name: string, over: P, port = usualPort(over)) =>
    addressesOf([{ name, port }], over, reach, known);

  if (port !== undefined || transport !== undefined) {
    if (!usual) return { servers: [] };
    if (port !== undefined) return at(host, usual, port);
    return servicesOf(servicesName(usual, host), usual, reach, known, inTurn) ?? at(host, usual);
  }
  const records = known.naptr(host);
  if (!records) return { ask: [{ type: 'NAPTR', name: host }] };
  for (const { transport, services } of transportsOf(host, records, secure)) {
    const protocol = over(transport);
    const found = protocol && servicesOf(services, protocol, reach, known, inTurn);
    if (found) return found;
  }
  return usual ? at(host, usual) : { servers: [] };
}

/** Undefined when nobody named services; no servers when there are said to be none (RFC 2782: a target of `.`). */
function servicesOf<P extends string>(
  name: string | undefined,
  protocol: P,
  reach: readonly Reach<P>[],
  known: KnownNames,
  inTurn: (services: readonly Service[]) => readonly Service[],
): Found<P> | undefined {
  if (name === undefined) return undefined;
  const services = known.srv(name);
  if (!services) return { ask: [{ type: 'SRV', name }] };
  if (services.length === 0) return undefined;
  const real = services.filter((service) => service.name !== '' && service.name !== '.');
  return addressesOf(inTurn(real), protocol, reach, known);
}

function addressesOf<P extends string>(
  places: readonly { readonly name: string; readonly port: number }[],
  protocol: P,
  reach: readonly Reach<P>[],
  known: KnownNames,
): Found<P> {
  const types = (['A', 'AAAA'] as const).filter((type) =>
    reach.some((one) => one.protocol === protocol && one.family === (type === 'A' ? 4 : 6)),
  );
  const ask = new Map<string, Question>();
  const servers = places.flatMap(({ name, port }) =>
    types.flatMap((type) => {
      const found = known.addresses(type, name);
      if (!found) ask.set(`${type} ${name}`, { type, name });
      return (found ?? []).map((host) => ({ protocol, host, port }));
    }),
  );
  return ask.size > 0 ? { ask: [...ask.values()] } : { servers };
}

const transports: Readonly<Record<string, string>> = {
  'sip+d2u': 'udp',
  'sip+d2t': 'tcp',
  'sip+d2w': 'ws',
  'sips+d2t': 'tls',
  'sips+d2w': 'wss',
};

const underscored: Readonly<Record<string, string>> = {
  udp: '_sip._udp',
  tcp: '_sip._tcp',
  tls: '_sips._tcp',
  ws: '_sip._ws',
  wss: '_sips._ws',
};

/** The transports a domain wants, or all there are, with the name of the services of each (RFC 3263 §4.1). */
function transportsOf(domain: string, records: readonly Naptr[], secure: boolean) {
  const asked = wanted(records, secure);
  if (asked.length > 0) return asked;
  return Object.keys(underscored)
    .filter((transport) => !secure || transport === 'tls' || transport === 'wss')
    .map((transport) => ({ transport, services: servicesName(transport, domain) }));
}

/** The transports these records want, the most wanted first. */
export function wanted(
  records: readonly Naptr[],
  secure: boolean,
): { readonly transport: string; readonly services: string }[] {
  return records
    .filter(({ flags, service }) => flags.toLowerCase() === 's' && (!secure || /^sips\+/i.test(service)))
    .sort((one, other) => one.order - other.order || one.preference - other.preference)
    .map(({ service, replacement }) => ({
      transport: transports[service.toLowerCase()] ?? '',
      services: replacement,
    }))
    .filter(({ transport }) => transport !== '');
}

/** Where the services of a domain for one transport are named (§4.2); undefined when they cannot be. */
const servicesName = (transport: string, domain: string): string | undefined =>
  Object.hasOwn(underscored, transport) ? `${underscored[transport]}.${domain}` : undefined;
