import { parseUri } from '../../../core/sip-uri.ts';
import type { SipMessage } from './sip-message.ts';
import { headerFault } from './validate-headers.ts';

export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

const once: ReadonlySet<string> = new Set([
  'to',
  'from',
  'call-id',
  'cseq',
  'max-forwards',
  'content-length',
]);

/** Longest header field or URI, characters: what a real drachtio-server takes, and far more than any peer needs. */
const longestHeader = 8_191;

/** What RFC 3261 §8.1.1 requires of every request; the first thing wrong decides the answer. */
export function requestFault(request: SipMessage): Refusal | undefined {
  if (request.reason !== '') return { status: 505, reason: 'Version Not Supported' }; // §21.5.6
  for (const key of ['to', 'from', 'call-id', 'cseq'] as const)
    if (!request.first(key)) return bad(`missing ${key}`);
  const repeated = repeatedHeader(request);
  if (repeated) return bad(`more than one ${repeated}`);
  if (request.cseq?.method !== request.method) return bad('CSeq does not fit'); // §8.1.1.5
  for (const { key, value } of request.lines)
    if (value.length > longestHeader) return bad(`${key.slice(0, 40)} is too long`);
  const fault = headerFault(request);
  if (fault) return bad(fault);
  return uriFault(request.uri) ?? maxForwardsFault(request);
}

function repeatedHeader(request: SipMessage): string | undefined {
  const seen = new Set<string>();
  for (const { key } of request.lines) {
    if (!once.has(key)) continue;
    if (seen.has(key)) return key;
    seen.add(key);
  }
  return undefined;
}

function uriFault(uri: string): Refusal | undefined {
  if (uri.length > longestHeader) return { status: 414, reason: 'Request-URI Too Long' }; // §21.4.12
  if (/^sips?:/i.test(uri)) {
    const parsed = parseUri(uri);
    if (!parsed) return bad('unreadable request URI');
    return parsed.headers === '' ? undefined : bad('headers in the request URI'); // §19.1.1, table 1
  }
  if (/^tel:[+\d*#(]/i.test(uri)) return undefined;
  return /^[a-z][a-z0-9+.-]*:/i.test(uri)
    ? { status: 416, reason: 'Unsupported URI Scheme' }
    : bad('unreadable request URI'); // §8.2.2.1
}

function maxForwardsFault(request: SipMessage): Refusal | undefined {
  const hops = request.first('max-forwards');
  if (hops === undefined) return undefined;
  if (!/^\d{1,9}$/.test(hops) || Number(hops) > 255) return bad('Max-Forwards is not 0 to 255'); // §20.22
  // §16.3, §11: only an OPTIONS that may go no further is answered by whoever it reached
  return Number(hops) === 0 && request.method !== 'OPTIONS'
    ? { status: 483, reason: 'Too Many Hops' }
    : undefined;
}

export const bad = (what: string): Refusal => ({ status: 400, reason: `Bad Request (${what})` });

/** A response we can match to nothing is dropped; so is one that lacks what matching needs. */
export const responseUsable = (response: SipMessage): boolean =>
  response.via !== undefined &&
  response.cseq !== undefined &&
  response.callId !== '' &&
  response.first('from') !== undefined &&
  response.first('to') !== undefined;
