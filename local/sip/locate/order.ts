import type { Naptr, Service } from './names.ts';

/**
 * The order in which services are to be tried: by priority, among equals drawn by weight (RFC 2782). `random` gives
 * numbers from 0 to below 1.
 */
export function inTurn(services: readonly Service[], random: () => number): Service[] {
  const priorities = [...new Set(services.map(({ priority }) => priority))].sort((one, other) => one - other);
  return priorities.flatMap((priority) =>
    drawn(
      services.filter((service) => service.priority === priority),
      random,
    ),
  );
}

function drawn(equals: readonly Service[], random: () => number): Service[] {
  // those of weight 0 stand first, so that they have a small chance to be drawn
  const left = [...equals].sort((one, other) => Number(one.weight > 0) - Number(other.weight > 0));
  const order: Service[] = [];
  while (left.length > 0) {
    const sum = left.reduce((all, { weight }) => all + weight, 0);
    const lot = Math.floor(random() * (sum + 1));
    let passed = 0;
    const at = left.findIndex(({ weight }) => {
      passed += weight;
      return passed >= lot;
    });
    order.push(...left.splice(Math.max(0, at), 1));
  }
  return order;
}

const transports: Readonly<Record<string, string>> = {
  'sip+d2u': 'udp',
  'sip+d2t': 'tcp',
  'sip+d2w': 'ws',
  'sips+d2t': 'tls',
  'sips+d2w': 'wss',
};

/** The transports a domain wants, with the name of the services of each, the most wanted first (RFC 3263 §4.1). */
export function wanted(
  records: readonly Naptr[],
  secure: boolean,
): { transport: string; services: string }[] {
  return records
    .filter(({ flags, service }) => flags.toLowerCase() === 's' && (!secure || /^sips\+/i.test(service)))
    .sort((one, other) => one.order - other.order || one.preference - other.preference)
    .map(({ service, replacement }) => ({
      transport: transports[service.toLowerCase()] ?? '',
      services: replacement,
    }))
    .filter(({ transport }) => transport !== '');
}

const underscored: Readonly<Record<string, string>> = {
  udp: '_sip._udp',
  tcp: '_sip._tcp',
  tls: '_sips._tcp',
  ws: '_sip._ws',
  wss: '_sips._ws',
};

/** Where the services of a domain for one transport are named (§4.2); undefined when they cannot be. */
export const servicesName = (transport: string, domain: string): string | undefined =>
  Object.hasOwn(underscored, transport) ? `${underscored[transport]}.${domain}` : undefined;
