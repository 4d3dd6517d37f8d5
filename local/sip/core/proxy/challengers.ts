/** As drachtio-server: a caller that answers a challenge later than this is taken for a new one. */
const patience = 2_000;
const mostRemembered = 1_000;

/** Who asked for credentials: the request that brings them goes to that target, whatever else an application names. */
export class Challengers {
  readonly #byNonce = new Map<string, { readonly target: string; readonly until: number }>();

  remember(nonce: string, target: string, now = Date.now()): void {
    const [oldest] = this.#byNonce.keys();
    if (this.#byNonce.size >= mostRemembered && oldest !== undefined) this.#byNonce.delete(oldest);
    this.#byNonce.set(nonce, { target, until: now + patience });
  }

  /** The target that chose this nonce, once. */
  take(nonce: string, now = Date.now()): string | undefined {
    const known = this.#byNonce.get(nonce);
    this.#byNonce.delete(nonce);
    return known && now <= known.until ? known.target : undefined;
  }
}

/** The nonce of a challenge, or of the credentials that answer one; '' when there is none. */
export const nonceOf = (header: string | undefined): string =>
  /nonce="([^"]+)"/i.exec(header ?? '')?.[1] ?? '';
