/** One Contact of a REGISTER. */
interface AskedContact {
  readonly uri: string;
  /** 0 to 1; who names none is wanted as much as can be. */
  readonly q: number;
  /** s; undefined where nothing is asked for. 0: this contact is to go. */
  readonly expiresSeconds: number | undefined;
}

/** `*`: every contact is to go. */
export type AskedContacts = readonly AskedContact[] | '*';

/** More than these in one REGISTER are not read. */
const MOST_CONTACTS = 32;
const MOST_TEXT = 8_192;

/** The Contact headers, joined with commas, and the Expires header. Undefined where any of it cannot be read. */
export function readContacts(
  text: string | undefined,
  expires: string | undefined,
): AskedContacts | undefined {
  if (text === undefined || text.trim() === '') return [];
  if (text.length > MOST_TEXT) return undefined;
  const byHeader = seconds(expires);
  // RFC 3261 §10.3 step 6
  if (text.trim() === '*') return byHeader === 0 ? '*' : undefined;
  const parts = text.match(/(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^,"<])+/g) ?? [];
  // A quote or a bracket that nothing closes is in no part.
  if (parts.length > MOST_CONTACTS || parts.join(',').length !== text.length) return undefined;
  const read = parts.map((part) => readContact(part, byHeader));
  const contacts = read.filter((each) => each !== undefined);
  return contacts.length === read.length ? contacts : undefined;
}

/** `sip:` alone, for that is how we call; what comes back in our 200 must not end a header or a bracket. */
const plainUri = /^sip:[^\s<>"@;?]+(@[^\s<>"@;?]+)?(;[^\s<>"?]+)*$/i;

function readContact(text: string, byHeader: number | undefined): AskedContact | undefined {
  const [, bracketed, after, bare, params] =
    /^\s*(?:(?:"(?:[^"\\]|\\.)*"\s*|[^"<]*)<([^>]*)>(.*)|([^\s;<>"]+)(.*))$/s.exec(text) ?? [];
  const uri = (bracketed ?? bare)?.trim();
  if (uri === undefined || uri.length > 512 || !plainUri.test(uri)) return undefined;
  const own = (name: string) =>
    new RegExp(`;\\s*${name}\\s*=\\s*"?([\\d.]+)`, 'i').exec(after ?? params ?? '')?.[1];
  const q = Number(own('q') ?? 1);
  return {
    uri,
    q: q >= 0 && q <= 1 ? q : 1,
    expiresSeconds: seconds(own('expires')) ?? byHeader,
  };
}

/** RFC 3261 §20.19: up to 2^32 - 1; what is no number says nothing. */
const seconds = (text: string | undefined): number | undefined =>
  text !== undefined && /^\s*\d{1,10}\s*$/.test(text) ? Math.min(Number(text), 2 ** 32 - 1) : undefined;

/** Contacts that are one place (RFC 3261 §19.1.4, as far as phones differ): the host in any case, the user as written. */
export function keyOfContact(uri: string): string {
  const [, user = '', rest = ''] = /^sip:(?:([^@]*)@)?(.*)$/i.exec(uri) ?? [];
  return `${user}@${rest.toLowerCase()}`;
}
