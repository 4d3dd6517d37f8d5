import type { RoutingConfig, Trunk } from '../contracts/config.ts';
import { uriOf } from './outbound.ts';

/** What one edge registers with one carrier. */
export interface RegistrationPlan {
  readonly trunk: string;
  readonly user: string;
  /** `HOST[:PORT]`, for people. */
  readonly registrar: string;
  /** Request-URI (RFC 3261 §10.2): without a user. */
  readonly uri: string;
  /** Address of record. */
  readonly aor: string;
  readonly expiresSeconds: number;
}

/** The user that is registered with the carrier of this trunk, where one is. */
export const registeredUser = ({ registration, authentication }: Trunk): string | undefined =>
  registration && (registration.user ?? authentication?.out?.username);

/** What this edge is to register, by trunk. */
export function registrationPlans(trunks: RoutingConfig['trunks'], edge: string): RegistrationPlan[] {
  return Object.entries(trunks).flatMap(([trunk, config]) => {
    const { registration, endpoints } = config;
    if (!registration || registration.edges?.includes(edge) === false) return [];
    const [first] = [...endpoints].sort((one, other) => one.priority - other.priority);
    const user = registeredUser(config);
    const place =
      registration.registrar ?? (first && uriOf({ ...first, transport: 'udp' }, '').slice('sip:@'.length));
    if (user === undefined || place === undefined) return [];
    const transport = first && first.transport !== 'udp' ? `;transport=${first.transport}` : '';
    const { expiresSeconds } = registration;
    const aor = `sip:${user}@${place.replace(/:\d+$/, '')}`;
    return [{ trunk, user, registrar: place, uri: `sip:${place}${transport}`, aor, expiresSeconds }];
  });
}

/** What a registrar granted, s: for our contact, or for all of them (RFC 3261 §10.2.4). Undefined: it says nothing. */
export function grantedSeconds(
  contacts: string | undefined,
  expires: string | undefined,
  contactUri: string,
): number | undefined {
  const bindings = [...(contacts ?? '').matchAll(/<([^>]*)>([^,]*)/g)].map(([, uri = '', params = '']) => ({
    uri,
    expires: /;\s*expires\s*=\s*"?(\d{1,9})/i.exec(params)?.[1],
  }));
  const ours =
    bindings.find(({ uri }) => sameContact(uri, contactUri)) ??
    (bindings.length === 1 ? bindings[0] : undefined);
  const said = ours?.expires ?? /^\s*(\d{1,9})/.exec(expires ?? '')?.[1];
  return said === undefined ? undefined : Number(said);
}

/** As far as it matters: a registrar may add parameters of its own. */
const sameContact = (one: string, other: string): boolean => bare(one) === bare(other);
const bare = (uri: string) => uri.replace(/[;?].*$/, '').toLowerCase();

const FIRST_SECONDS = 4;
const LONGEST_SECONDS = 300;

/** Wait before the next try after so many failures, s: twice as long each time, and up to half of it by chance. */
export const retrySeconds = (failures: number, chance: number): number =>
  Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** Math.min(failures - 1, 16)) * (0.5 + chance / 2);

/** When what was granted is to be asked for anew, s: early enough for some tries more, and not all edges at once. */
export const refreshSeconds = (granted: number, chance: number): number => granted * (0.75 + chance / 10);
