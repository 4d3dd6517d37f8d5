import { randomBytes } from 'node:crypto';
import type { RoutingConfig } from '../../../contracts/config.ts';
import type { Narrator } from '../../narrator.ts';
import type { Clock, RoutingSnapshot } from '../../ports.ts';
import type { AskedContacts } from './contacts.ts';
import type { PublishedBindings } from './published-bindings.ts';
import { type Wanted, wantedContacts } from './wanted-contacts.ts';

/** Where a request came from, and where its sender is reached. */
interface Flow {
  readonly address: string;
  readonly port: number;
  /** `udp`, `tcp`, `tls`, … */
  readonly transport: string;
}

interface User {
  readonly trunk: string;
  readonly user: string;
}

/** One place where a user is called. */
export interface Binding extends User {
  /** As the phone wrote it: the Request-URI of a call to it. */
  readonly contact: string;
  readonly q: number;
  readonly flow: Flow;
  /** Whoever knows it may call this contact through this edge: 128 random bits, in hexadecimal. */
  readonly pass: string;
}

/** A REGISTER of a user that has proved who it is. */
interface Registering extends User {
  readonly flow: Flow;
  readonly sipCallId: string;
  readonly cseq: number;
  readonly contacts: AskedContacts;
}

export type Registered =
  | { readonly kind: 'done'; readonly bindings: readonly (Binding & { readonly expiresSeconds: number })[] }
  /** Less was asked for than is granted, s. */
  | { readonly kind: 'too-brief'; readonly minExpiresSeconds: number }
  /** An older request than one that was taken (RFC 3261 §10.3 step 7). */
  | { readonly kind: 'out-of-order' }
  | { readonly kind: 'too-many' };

/** Who is registered with this edge. All in memory, bounded by the users of the configuration and their `maxBindings`. */
export interface Bindings extends Disposable {
  /** Takes all contacts of a REGISTER, or none. */
  register(request: Registering): Registered;
  live(user: User): readonly Binding[];
  /** Whose flow this is; undefined where nobody's, or that of users of more than one name. */
  ownerOf(flow: Flow): User | undefined;
  byPass(pass: string): Binding | undefined;
  /** Contacts of each trunk that has users. */
  gauges(): readonly { readonly trunk: string; readonly bindings: number }[];
}

export interface BindingsParts {
  readonly snapshot: Pick<RoutingSnapshot, 'current'>;
  readonly narrator: Pick<Narrator, 'say'>;
  readonly clock: Clock;
  readonly published: Pick<PublishedBindings, 'keep' | 'drop'>;
}

interface Kept {
  readonly binding: Binding;
  readonly sipCallId: string;
  readonly cseq: number;
  /** By the monotonic clock, ms. */
  readonly until: number;
  readonly stop: () => void;
}

type Gone = 'asked' | 'expired' | 'removed';

/** How often it is looked whether a user was taken out of the configuration, ms. */
const LOOK_EVERY_MS = 1_000;

const keyOfUser = ({ trunk, user }: User) => `${trunk} ${user}`;
const keyOfFlow = ({ address, port, transport }: Flow) => `${transport} ${address} ${port}`;

export function keepBindings(parts: BindingsParts): Bindings {
  return new MemoryBindings(parts);
}

class MemoryBindings implements Bindings {
  readonly #parts: BindingsParts;
  /** By user, then by contact. */
  readonly #users = new Map<string, Map<string, Kept>>();
  /** By flow: those who are reached over it. */
  readonly #flows = new Map<string, Set<Binding>>();
  readonly #passes = new Map<string, Binding>();
  #seen: RoutingConfig['trunks'] | undefined;
  #stopLooking: (() => void) | undefined;

  constructor(parts: BindingsParts) {
    this.#parts = parts;
  }

  register(request: Registering): Registered {
    const limits = this.#trunks()[request.trunk]?.registrar;
    const known = this.#users.get(keyOfUser(request)) ?? new Map<string, Kept>();
    if (!limits) return { kind: 'too-many' };
    const wanted = wantedContacts(request.contacts, known, limits.maxExpiresSeconds);
    for (const [key] of wanted) {
      const kept = known.get(key);
      if (kept?.sipCallId === request.sipCallId && kept.cseq >= request.cseq) return { kind: 'out-of-order' };
    }
    const { minExpiresSeconds, maxBindings } = limits;
    const all = [...wanted.values()];
    if (all.some(({ seconds }) => seconds > 0 && seconds < minExpiresSeconds))
      return { kind: 'too-brief', minExpiresSeconds };
    const after = new Set([...known.keys(), ...wanted.keys()]);
    for (const [key, { seconds }] of wanted) if (seconds === 0) after.delete(key);
    if (after.size > maxBindings && after.size > known.size) return { kind: 'too-many' };
    for (const [key, each] of wanted) {
      if (each.seconds === 0) this.#remove(request, key, 'asked');
      else this.#keep(request, key, each);
    }
    return { kind: 'done', bindings: this.#granted(request) };
  }

  live(user: User): readonly Binding[] {
    return this.#isListed(user) ? this.#keptOf(user).map(({ binding }) => binding) : [];
  }

  ownerOf(flow: Flow): User | undefined {
    const here = [...(this.#flows.get(keyOfFlow(flow)) ?? [])].filter((each) => this.#isListed(each));
    const [first] = here;
    return first && here.every((each) => keyOfUser(each) === keyOfUser(first))
      ? { trunk: first.trunk, user: first.user }
      : undefined;
  }

  byPass(pass: string): Binding | undefined {
    const binding = this.#passes.get(pass);
    return binding && this.live(binding).includes(binding) ? binding : undefined;
  }

  gauges() {
    const registered = new Map<string, number>();
    for (const [name, { users }] of Object.entries(this.#trunks())) if (users) registered.set(name, 0);
    for (const contacts of this.#users.values())
      for (const { binding } of contacts.values())
        registered.set(binding.trunk, (registered.get(binding.trunk) ?? 0) + 1);
    return [...registered].map(([trunk, bindings]) => ({ trunk, bindings }));
  }

  [Symbol.dispose]() {
    this.#stopLooking?.();
    for (const contacts of this.#users.values()) for (const { stop } of contacts.values()) stop();
  }

  #trunks() {
    return this.#parts.snapshot.current()?.config.trunks ?? {};
  }

  #isListed({ trunk, user }: User): boolean {
    return Object.hasOwn(this.#trunks()[trunk]?.users ?? {}, user);
  }

  #keptOf(user: User): readonly Kept[] {
    const now = this.#parts.clock.monotonic();
    return [...(this.#users.get(keyOfUser(user))?.values() ?? [])].filter(({ until }) => until > now);
  }

  #granted(user: User) {
    const now = this.#parts.clock.monotonic();
    return this.#keptOf(user).map(({ binding, until }) => ({
      ...binding,
      expiresSeconds: Math.ceil((until - now) / 1_000),
    }));
  }

  #keep(request: Registering, key: string, { uri, q, seconds }: Wanted): void {
    const { trunk, user, flow, sipCallId, cseq } = request;
    const { clock, narrator } = this.#parts;
    const owner = keyOfUser(request);
    const contacts = this.#users.get(owner) ?? new Map<string, Kept>();
    this.#users.set(owner, contacts);
    const before = contacts.get(key);
    if (before) this.#forget(before);
    const pass = before?.binding.pass ?? randomBytes(16).toString('hex');
    const binding = { trunk, user, contact: uri, q, flow, pass };
    const stop = clock.after(seconds * 1_000, () => this.#remove(request, key, 'expired'));
    contacts.set(key, { binding, sipCallId, cseq, until: clock.monotonic() + seconds * 1_000, stop });
    const flowKey = keyOfFlow(flow);
    this.#flows.set(flowKey, (this.#flows.get(flowKey) ?? new Set()).add(binding));
    this.#passes.set(pass, binding);
    this.#parts.published.keep(binding, seconds);
    if (!this.#stopLooking) this.#look();
    if (!before)
      narrator.say('user.registered', {
        ...{ trunk, user, contact: uri, source: flow, expiresSeconds: seconds },
      });
  }

  #remove(owner: User, key: string, reason: Gone): void {
    const contacts = this.#users.get(keyOfUser(owner));
    const kept = contacts?.get(key);
    if (!contacts || !kept) return;
    this.#forget(kept);
    this.#passes.delete(kept.binding.pass);
    this.#parts.published.drop(kept.binding);
    contacts.delete(key);
    if (contacts.size === 0) this.#users.delete(keyOfUser(owner));
    const { trunk, user, contact } = kept.binding;
    this.#parts.narrator.say('user.unregistered', { trunk, user, contact, reason });
  }

  #forget({ binding, stop }: Kept): void {
    stop();
    const key = keyOfFlow(binding.flow);
    const sharing = this.#flows.get(key);
    sharing?.delete(binding);
    if (sharing?.size === 0) this.#flows.delete(key);
  }

  /** For as long as anybody is registered. */
  #look(): void {
    const trunks = this.#parts.snapshot.current()?.config.trunks;
    if (trunks && trunks !== this.#seen) this.#removeUnlisted();
    this.#seen = trunks;
    this.#stopLooking =
      this.#users.size === 0 ? undefined : this.#parts.clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  #removeUnlisted(): void {
    for (const contacts of [...this.#users.values()])
      for (const [key, { binding }] of [...contacts])
        if (!this.#isListed(binding)) this.#remove(binding, key, 'removed');
  }
}
