import { isIP } from 'node:net';
import { DigestClient } from '../auth/answer-challenge.ts';
import type { CredentialSource, Headers } from '../sip.ts';
import { parseUri, type SrfRequest, type SrfResponse } from './srf.ts';

/** A request that was challenged: how it is sent again, or why not. */
type Again =
  | { readonly ok: true; readonly headers: Headers }
  | { readonly ok: false; readonly detail: string };

/** Answers the challenges of one call, or of one registration: who answered knows the nonce for what follows. */
export class Answering {
  readonly #source: CredentialSource | undefined;
  #client: DigestClient | undefined;

  constructor(source: CredentialSource | undefined) {
    this.#source = source;
  }

  /** One request with its repetitions. */
  begin(method: string) {
    let exchange: ReturnType<DigestClient['begin']> | undefined;
    return {
      /** What to send ahead to somebody who has challenged before. */
      headers: (uri: string): Headers => {
        exchange = this.#client?.begin({ method, uri });
        return exchange?.headers() ?? {};
      },
      again: async (response: SrfResponse): Promise<Again> => {
        const { uri } = response.req;
        if (!this.#source)
          return { ok: false, detail: `challenged with ${response.status}: there are no credentials` };
        try {
          this.#client ??= new DigestClient(await this.#source());
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          return { ok: false, detail: `challenged with ${response.status}: ${why}` };
        }
        exchange ??= this.#client.begin({ method, uri });
        return exchange.answer(response);
      },
    };
  }
}

/** RFC 3261 §22.2: the same Call-ID, From and tag, and the next CSeq. */
export function sameAgain(request: SrfRequest): Headers {
  const sequence = Number(/^\d+/.exec(request.get('cseq') ?? '')?.[0] ?? 1);
  return {
    'Call-ID': request.get('call-id') ?? '',
    From: request.get('from') ?? '',
    CSeq: `${sequence + 1} ${request.method}`,
  };
}

/** The server that asked knows its nonce; another one of the same name perhaps not. Undefined where there is but one. */
export function askedBy(response: SrfResponse): string | undefined {
  const { uri } = response.req;
  const host = parseUri(uri)?.host.replace(/^\[|\]$/g, '') ?? '';
  if (isIP(host) || !response.source_address) return undefined;
  const address =
    isIP(response.source_address) === 6 ? `[${response.source_address}]` : response.source_address;
  const transport = response.protocol.toLowerCase();
  return `sip:${address}:${response.source_port};transport=${transport}`;
}
