import { headerName } from '../message/header-names.ts';
import { parseNameAddr, printNameAddr } from '../message/name-addr.ts';
import type { HeaderLine } from '../message/sip-message.ts';
import type { Listener } from '../transport/flow.ts';

/** A message as an application writes it: what it leaves out the server fills in. */
export interface AppMessage {
  readonly startLine: string;
  readonly lines: readonly HeaderLine[];
  readonly body: string;
}

export function parseAppMessage(text: string): AppMessage {
  const end = text.indexOf('\r\n\r\n');
  const head = (end < 0 ? text : text.slice(0, end)).split('\r\n');
  const lines: HeaderLine[] = [];
  for (const line of head.slice(1)) {
    const colon = line.indexOf(':');
    const spelling = line.slice(0, Math.max(0, colon)).trim();
    // a line that is no header is left out: it can only be a value with a line break in it
    if (!/^[\w.!%*+`'~-]+$/.test(spelling) || /[\r\n\0]/.test(line)) continue;
    lines.push({ ...headerName(spelling), value: line.slice(colon + 1).trim() });
  }
  return { startLine: head[0] ?? '', lines, body: end < 0 ? '' : text.slice(end + 4) };
}

export const headerOf = (message: AppMessage, key: string): string | undefined =>
  message.lines.find((line) => line.key === key)?.value;

/** The server's own, whatever an application says. Its Content-Length counts characters, not bytes. */
const neverTheApps = new Set(['via', 'route', 'record-route', 'rseq', 'content-length', 'max-forwards']);
const addresses = new Set(['from', 'to', 'contact', 'p-asserted-identity']);

/** The application's headers as they go out, without the server's own and those in `not`. `localhost` means our address. */
export function appHeaders(message: AppMessage, listener: Listener, not: ReadonlySet<string>): HeaderLine[] {
  return message.lines
    .filter((line) => !neverTheApps.has(line.key) && !not.has(line.key))
    .map((line) => (addresses.has(line.key) ? { ...line, value: ownAddress(line.value, listener) } : line));
}

/** `sip:bob@localhost` -> `<sip:bob@192.0.2.1:5060>`. */
export function ownAddress(value: string, listener: Listener): string {
  const address = parseNameAddr(value);
  if (!address || address.uri === '*') return value; // RFC 3261 §10.2.2: `Contact: *` is no address
  const uri = address.uri.replace(localhost, `$1${listener.host}:${listener.port}`);
  return printNameAddr({ ...address, uri });
}

const localhost = /^(sips?:(?:[^@]*@)?)localhost(?::\d+)?(?=$|[;?])/i;

/** The same for a Contact, which over TCP has to say so: `<sip:bob@192.0.2.1:5060;transport=tcp>`. */
export function ownContact(value: string, listener: Listener): string {
  const address = parseNameAddr(value);
  const silent = address && localhost.test(address.uri) && !/;transport=/i.test(address.uri);
  if (!silent || listener.protocol === 'udp') return ownAddress(value, listener);
  return ownAddress(
    printNameAddr({ ...address, uri: `${address.uri};transport=${listener.protocol}` }),
    listener,
  );
}

/** The Content-Type a body goes out with: undefined when it has none and cannot be told. */
export function contentType(message: AppMessage): string | undefined {
  return (
    headerOf(message, 'content-type') ?? (message.body.startsWith('v=0') ? 'application/sdp' : undefined)
  );
}
