import { parseUri } from '../../../core/sip-uri.ts';
import { parseNameAddr } from '../message/name-addr.ts';
import type { HeaderLine, SipMessage } from '../message/sip-message.ts';
import type { Arrival, Hop } from '../transport/flow.ts';

const mostKept = 20_000;

/** a response, of an application or passed on */
interface Answer {
  readonly lines: readonly HeaderLine[];
}

/**
 * Peers that can be reached only over the connection they opened, as a browser can: who registered or subscribed over
 * one is called over it, by the user and host of its Contact, for as long as that was granted.
 */
export class KeptFlows {
  readonly #byContact = new Map<string, { readonly hop: Hop; readonly until: number }>();
  readonly #now: () => number;

  /** `now` in ms */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** A 2xx of ours to a REGISTER or SUBSCRIBE. */
  granted(request: SipMessage, arrival: Arrival, response: Answer): void {
    if (!arrival.connection || (request.method !== 'REGISTER' && request.method !== 'SUBSCRIBE')) return;
    const key = keyOf(parseNameAddr(request.all('contact')[0] ?? '')?.uri ?? '');
    if (key === undefined) return;
    this.#byContact.delete(key);
    const seconds = grantedSeconds(response);
    if (seconds === 0) return;
    const [oldest] = this.#byContact.keys();
    if (this.#byContact.size >= mostKept && oldest !== undefined) this.#byContact.delete(oldest);
    const { listener, host, port, connection } = arrival;
    const hop: Hop = { protocol: listener.protocol, host, port, connection };
    this.#byContact.set(key, { hop, until: this.#now() + seconds * 1_000 });
  }

  find(uri: string): Hop | undefined {
    if (this.#byContact.size === 0) return undefined;
    const key = keyOf(uri) ?? '';
    const kept = this.#byContact.get(key);
    if (kept?.hop.connection?.open && this.#now() < kept.until) return kept.hop;
    this.#byContact.delete(key);
    return undefined;
  }
}

function keyOf(uri: string): string | undefined {
  const parsed = parseUri(uri);
  return parsed && `${parsed.user}@${parsed.host.toLowerCase()}`;
}

/** RFC 3261 §10.3 step 8: what the first Contact says, else what Expires says, else nothing. */
function grantedSeconds({ lines }: Answer): number {
  const value = (key: string) => lines.find((line) => line.key === key)?.value ?? '';
  const contact = /;\s*expires\s*=\s*(\d{1,9})/i.exec(value('contact'))?.[1];
  return Number(contact ?? /^\d{1,9}/.exec(value('expires'))?.[0] ?? 0);
}
