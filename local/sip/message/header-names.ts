/** Compact forms and the spelling in which each known header is printed (RFC 3261 §7.3.3, §20). */
const compactForms: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

const unusual: Readonly<Record<string, string>> = {
  'call-id': 'Call-ID',
  cseq: 'CSeq',
  rseq: 'RSeq',
  rack: 'RAck',
  'mime-version': 'MIME-Version',
  'min-se': 'Min-SE',
  'www-authenticate': 'WWW-Authenticate',
  'sip-etag': 'SIP-ETag',
  'sip-if-match': 'SIP-If-Match',
};

/** Names come from the network: `constructor` is one like any other. */
const compact = new Map(Object.entries(compactForms));
const unusualSpellings = new Map(Object.entries(unusual));

export interface HeaderName {
  /** lower case, never compact: what look-ups use */
  readonly key: string;
  /** how it is printed */
  readonly name: string;
}

/** Names come from the network, so the memory of spellings seen is bounded. */
const mostSpellings = 2_000;
const seen = new Map<string, HeaderName>();

export function headerName(spelling: string): HeaderName {
  const known = seen.get(spelling);
  if (known) return known;
  const lower = spelling.toLowerCase();
  const key = compact.get(lower) ?? lower;
  const name: HeaderName = {
    key,
    name: unusualSpellings.get(key) ?? (key === lower ? capitalized(spelling) : capitalized(key)),
  };
  if (seen.size < mostSpellings) seen.set(spelling, name);
  return name;
}

const capitalized = (spelling: string): string =>
  spelling.replace(/(^|-)([a-z])/g, (_all, dash, letter) => dash + letter.toUpperCase());
