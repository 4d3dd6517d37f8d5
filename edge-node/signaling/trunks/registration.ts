import pDefer from 'p-defer';
import type { Logger } from 'pino';
import {
  grantedSeconds,
  type RegistrationPlan,
  refreshSeconds,
  retrySeconds,
} from '../../../core/registration.ts';
import type { Narrator } from '../../narrator.ts';
import type { Clock, Payload } from '../../ports.ts';
import type { CredentialSource, Headers, OutOfDialogRequest, OutOfDialogResponse } from '../sip.ts';

export interface RegistrationParts {
  readonly narrator: Pick<Narrator, 'say'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly request: (request: OutOfDialogRequest) => Promise<OutOfDialogResponse | undefined>;
  readonly credentials: (trunk: string) => CredentialSource | undefined;
  /** In [0, 1): so that not all edges ask at the same moment. */
  readonly random?: () => number;
}

/** What an operator sees of one registration. */
export interface RegistrationStatus {
  readonly trunk: string;
  readonly registrar: string;
  readonly user: string;
  readonly registered: boolean;
  /** s until the registrar forgets us; null while we are not registered. */
  readonly expiresInSeconds: number | null;
  /** Why the last try failed; null where it did not. */
  readonly failure: string | null;
}

export interface Registration {
  status(): RegistrationStatus;
  /** No more tries; `farewell` also tells the registrar. Never rejects. */
  stop(farewell: boolean): Promise<void>;
}

const ANSWER_MS = 10_000;
const FAREWELL_MS = 2_000;
/** A request may be sent again some times, each with the next CSeq; the next one must come after them all. */
const CSEQ_STEP = 10;
const MOST_SECONDS = 86_400;

/**
 * Keeps one user registered with one carrier (RFC 3261 §10.2): refreshed before it expires, tried again with growing
 * pauses while it fails. A refresh that fails changes nothing until what was granted is over.
 */
export function startRegistration(plan: RegistrationPlan, parts: RegistrationParts): Registration {
  const registration = new KeptRegistration(plan, parts);
  registration.begin();
  return registration;
}

class KeptRegistration implements Registration {
  readonly #plan: RegistrationPlan;
  readonly #parts: RegistrationParts;
  readonly #callId: string;
  #wanted: number;
  #sequence = 0;
  #failures = 0;
  #failure: string | null = null;
  /** Until when the registrar knows us, by the monotonic clock. */
  #until: number | undefined;
  #stopped = false;
  #trying: Promise<unknown> = Promise.resolve();
  #stopTimer = () => {};
  #stopExpiry = () => {};

  constructor(plan: RegistrationPlan, parts: RegistrationParts) {
    this.#plan = plan;
    this.#parts = parts;
    this.#callId = parts.clock.newId();
    this.#wanted = plan.expiresSeconds;
  }

  begin(): void {
    this.#trying = this.#attempt();
  }

  status(): RegistrationStatus {
    const { trunk, registrar, user } = this.#plan;
    const left = this.#until === undefined ? null : this.#until - this.#parts.clock.monotonic();
    return {
      ...{ trunk, registrar, user, registered: left !== null, failure: this.#failure },
      expiresInSeconds: left === null ? null : Math.max(0, Math.round(left / 1000)),
    };
  }

  async stop(farewell: boolean): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#stopTimer();
    this.#stopExpiry();
    if (!farewell) return;
    const { clock } = this.#parts;
    // RFC 3261 §10.2: not before the last one is answered, which may have registered us.
    const { promise: late, resolve } = pDefer<void>();
    const stopWaiting = clock.after(FAREWELL_MS, resolve);
    await Promise.race([this.#trying, late]);
    stopWaiting();
    await this.#ask(0, FAREWELL_MS);
  }

  async #attempt(): Promise<void> {
    let response = await this.#ask(this.#wanted);
    const least = Number(response?.status === 423 ? response.header('min-expires') : Number.NaN);
    // RFC 3261 §10.2.8: too brief; as long as the registrar wants, then.
    if (least > this.#wanted && least <= MOST_SECONDS && !this.#stopped) {
      this.#wanted = least;
      response = await this.#ask(least);
    }
    if (this.#stopped) return;
    if (response && response.status >= 200 && response.status < 300) this.#succeeded(response);
    else this.#failed(response, response?.detail ?? `no answer within ${ANSWER_MS / 1000} s`);
  }

  #ask(expiresSeconds: number, timeoutMs = ANSWER_MS): Promise<OutOfDialogResponse | undefined> {
    this.#sequence += CSEQ_STEP;
    const headers = headersOf(this.#plan, {
      ...{ callId: this.#callId, sequence: this.#sequence, expiresSeconds },
    });
    const { uri, trunk } = this.#plan;
    const credentials = this.#parts.credentials(trunk);
    return this.#parts.request({ method: 'REGISTER', uri, headers, timeoutMs, credentials });
  }

  #succeeded(response: OutOfDialogResponse): void {
    const { clock, random = Math.random } = this.#parts;
    const contact = uriIn(response.sent('contact'));
    const said = grantedSeconds(response.header('contact'), response.header('expires'), contact);
    const expiresSeconds = said ?? this.#wanted;
    if (expiresSeconds < 1) {
      this.#failed(response, 'the registrar granted no time at all');
      return;
    }
    const isNew = this.#until === undefined;
    [this.#failures, this.#failure] = [0, null];
    this.#until = clock.monotonic() + expiresSeconds * 1000;
    if (isNew) this.#tell('trunk.registered', { contact: contact.slice(0, 512), expiresSeconds });
    this.#stopExpiry();
    this.#stopExpiry = clock.after(expiresSeconds * 1000, () => this.#expired());
    this.#next(refreshSeconds(expiresSeconds, random()));
  }

  #failed(response: OutOfDialogResponse | undefined, why: string): void {
    const { random = Math.random } = this.#parts;
    this.#failures += 1;
    const detail = why.slice(0, 512);
    this.#failure = detail;
    const pause = Math.max(retrySeconds(this.#failures, random()), retryAfterIn(response));
    this.#next(pause);
    const sipStatus = response && !response.unheard ? response.status : null;
    this.#tell('trunk.registration-failed', { detail, sipStatus, retrySeconds: Math.ceil(pause) });
  }

  #expired(): void {
    this.#until = undefined;
    this.#tell('trunk.registration-expired', { detail: this.#failure ?? 'it was not refreshed in time' });
  }

  #next(seconds: number): void {
    this.#stopTimer = this.#parts.clock.after(seconds * 1000, () => this.begin());
  }

  /** One function for log line and event: they cannot disagree. */
  #tell<T extends RegistrationEvent>(type: T, more: Omit<Payload<T>, 'trunk' | 'registrar'>): void {
    const { narrator, logger } = this.#parts;
    const { trunk, registrar } = this.#plan;
    const level = type === 'trunk.registered' ? 'info' : 'error';
    const fields: object = { trunk, registrar, ...more };
    logger[level](fields, meanings[type] as string);
    narrator.say(type, { trunk, registrar, ...more } as unknown as Payload<T>);
  }
}

const meanings = {
  'trunk.registered': 'registered with a carrier',
  'trunk.registration-failed': 'could not register with a carrier',
  'trunk.registration-expired': 'a registration with a carrier is over: it sends no calls here',
} as const;

type RegistrationEvent = keyof typeof meanings;

interface Asked {
  readonly callId: string;
  readonly sequence: number;
  readonly expiresSeconds: number;
}

/** `localhost` stands for the address of our SIP server, which alone knows it. */
const headersOf = (
  { aor, user }: RegistrationPlan,
  { callId, sequence, expiresSeconds }: Asked,
): Headers => ({
  From: `<${aor}>`,
  To: `<${aor}>`,
  Contact: `<sip:${user}@localhost>;expires=${expiresSeconds}`,
  Expires: String(expiresSeconds),
  'Call-ID': callId,
  CSeq: `${sequence} REGISTER`,
});

const uriIn = (contact = ''): string => /<([^>]*)>/.exec(contact)?.[1] ?? contact;

/** RFC 3261 §20.33; an hour at most: what is wrong may be mended sooner. */
const retryAfterIn = (response: OutOfDialogResponse | undefined): number =>
  Math.min(3_600, Number(/^\s*(\d{1,9})/.exec(response?.header('retry-after') ?? '')?.[1] ?? 0));
