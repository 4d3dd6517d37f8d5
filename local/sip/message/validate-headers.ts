import { parseUri } from '../../../core/sip-uri.ts';
import { cutList, parseNameAddr } from './name-addr.ts';
import type { SipMessage } from './sip-message.ts';
import { magicCookie } from './via.ts';

/** What the headers every element reads have to look like (RFC 3261 §25.1); the others are the application's. */
export function headerFault(request: SipMessage): string | undefined {
  const via = viaFault(request);
  if (via) return via;
  for (const { key, value } of request.lines) {
    if ((key === 'to' || key === 'from') && !isAddress(value)) return `unreadable ${key}`;
    if (key === 'contact' && value !== '*' && !(value !== '' && cutList(value).every(isAddress)))
      return 'unreadable contact';
    if (key === 'date' && !date.test(value)) return 'the date is not in GMT'; // §20.17
  }
  return undefined;
}

/** Only the topmost Via concerns us: the others are for those who added them. */
function viaFault({ via }: SipMessage): string | undefined {
  if (via?.version !== '2.0' || !areParams(via.params)) return 'unreadable Via';
  return via.branch === magicCookie ? 'the branch identifies nothing' : undefined; // §8.1.1.7
}

function isAddress(value: string): boolean {
  const address = parseNameAddr(value);
  if (!address || !areParams(address.params)) return false;
  const bracketed = value.includes('<');
  if (!bracketed && /[?,]/.test(address.uri)) return false; // §20: such a URI stands in brackets
  if (!isDisplayName(address.display) || /\s/.test(address.uri)) return false;
  return /^sips?:/i.test(address.uri) ? parseUri(address.uri) !== undefined : scheme.test(address.uri);
}

const scheme = /^[a-z][a-z0-9+.-]*:./i;
const quoted = /^"[^"\\]*(?:\\.[^"\\]*)*"$/s;
const tokens = /^[\w.!%*+`'~ \t-]*$/;
const date =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/i;

const isDisplayName = (text: string): boolean =>
  text.startsWith('"') ? quoted.test(text) : tokens.test(text);

/** One `;name` or `;name=value`. No two parts of it can take the same character: it cannot run away. */
const parameter = /\s*;\s*[^\s;,="<>]+(?:\s*=\s*(?:[^\s;,"<>]+|"[^"\\]*(?:\\.[^"\\]*)*"))?/sy;

function areParams(text: string): boolean {
  parameter.lastIndex = 0;
  while (parameter.lastIndex < text.length) if (!parameter.test(text)) return text === '';
  parameter.lastIndex = 0;
  return true;
}
