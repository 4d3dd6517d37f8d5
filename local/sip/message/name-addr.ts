/** Cut a comma list where the comma is not inside quotes or angle brackets (RFC 3261 §7.3.1). */
export function cutList(value: string): string[] {
  if (!value.includes(',')) return [value];
  const items: string[] = [];
  let start = 0;
  for (const at of outsideQuotes(value, ',')) {
    items.push(value.slice(start, at).trim());
    start = at + 1;
  }
  items.push(value.slice(start).trim());
  return items.filter((item) => item !== '');
}

function* outsideQuotes(value: string, wanted: string): Generator<number> {
  let quoted = false;
  let bracketed = false;
  for (let at = 0; at < value.length; at++) {
    const char = value[at];
    if (quoted && char === '\\') at++;
    else if (char === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (char === '<') bracketed = true;
    else if (char === '>') bracketed = false;
    else if (char === wanted && !bracketed) yield at;
  }
}

export interface NameAddr {
  /** what stands before the URI, quotes included, '' when nothing does */
  readonly display: string;
  readonly uri: string;
  /** what follows the URI, from its first ';' on, '' when nothing does */
  readonly params: string;
}

/** `"Alice" <sip:a@b;x=1>;tag=7` or `sip:a@b;tag=7`: without brackets every parameter is the header's (RFC 3261 §20.10). */
export function parseNameAddr(value: string): NameAddr | undefined {
  const open = openingBracket(value);
  if (open < 0) {
    const semicolon = value.indexOf(';');
    const uri = (semicolon < 0 ? value : value.slice(0, semicolon)).trim();
    if (uri === '' || /[\s<>"]/.test(uri)) return undefined;
    return { display: '', uri, params: semicolon < 0 ? '' : value.slice(semicolon).trim() };
  }
  const close = value.indexOf('>', open);
  if (close < 0) return undefined;
  const params = value.slice(close + 1).trim();
  if (params !== '' && !params.startsWith(';')) return undefined;
  return { display: value.slice(0, open).trim(), uri: value.slice(open + 1, close), params };
}

/** Where the '<' of the URI is: a display name in quotes may hold others. -1 when there is none, or the quote stays open. */
function openingBracket(value: string): number {
  if (!value.includes('"')) return value.indexOf('<');
  let quoted = false;
  for (let at = 0; at < value.length; at++) {
    const char = value[at];
    if (quoted && char === '\\') at++;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && char === '<') return at;
  }
  return -1;
}

export const printNameAddr = (address: NameAddr): string =>
  `${address.display}${address.display ? ' ' : ''}<${address.uri}>${address.params}`;

export function tagOf(value: string): string {
  const params = parseNameAddr(value)?.params ?? '';
  return /;\s*tag\s*=\s*([^\s;,]+)/i.exec(params)?.[1] ?? '';
}

/** The header value without its tag, always with brackets. */
export function untagged(value: string): string {
  const address = parseNameAddr(value);
  if (!address) return value;
  return printNameAddr({ ...address, params: address.params.replace(/;\s*tag\s*=\s*[^\s;,]+/i, '') });
}
