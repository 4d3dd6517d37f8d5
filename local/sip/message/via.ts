export interface Via {
  /** 2.0 but in what RFC 3261 §7.1 does not allow */
  readonly version: string;
  /** UDP, TCP … in upper case */
  readonly protocol: string;
  readonly host: string;
  /** undefined when the sender named none */
  readonly port: number | undefined;
  /** '' when absent: a client older than RFC 3261 */
  readonly branch: string;
  readonly received: string | undefined;
  /** '' when asked for and not yet filled in (RFC 3581 §3) */
  readonly rport: string | undefined;
  /** all of them, from the first ';' on */
  readonly params: string;
}

/** A branch that begins so is unique in space and time (RFC 3261 §8.1.1.7). */
export const magicCookie = 'z9hG4bK';

const shape =
  /^SIP\s*\/\s*(\d+\.\d+)\s*\/\s*([\w.!%*+`'~-]+)\s+(\[[0-9A-Fa-f:.]+\]|[^\s;:,]+)(?:\s*:\s*(\d{1,5}))?\s*(;.*)?$/i;

export function parseVia(value: string): Via | undefined {
  const parts = shape.exec(value);
  if (!parts?.[1] || !parts[2] || !parts[3]) return undefined;
  const port = parts[4] === undefined ? undefined : Number(parts[4]);
  if (port !== undefined && (port === 0 || port > 65_535)) return undefined;
  const params = paramsOf(parts[5] ?? '');
  return {
    version: parts[1],
    protocol: parts[2].toUpperCase(),
    host: parts[3].toLowerCase(),
    port,
    branch: params.get('branch') ?? '',
    received: params.get('received'),
    rport: params.get('rport'),
    params: parts[5] ?? '',
  };
}

function paramsOf(text: string): Map<string, string> {
  const params = new Map<string, string>();
  for (const item of text.split(';')) {
    const equals = item.indexOf('=');
    const name = (equals < 0 ? item : item.slice(0, equals)).trim().toLowerCase();
    if (name !== '') params.set(name, equals < 0 ? '' : item.slice(equals + 1).trim());
  }
  return params;
}

/**
 * The topmost Via as a server must mark it: `received` when the packet's source is not the host it names
 * (RFC 3261 §18.2.1), `rport` when it was asked for, and then `received` too (RFC 3581 §4).
 */
export function markVia(value: string, via: Via, remoteHost: string, remotePort: number): string {
  const marked = value.replace(/;\s*received\s*=\s*[^;,\s]+/i, '');
  if (via.rport !== undefined)
    return `${marked.replace(/;\s*rport(\s*=\s*\d+)?/i, `;rport=${remotePort}`)};received=${remoteHost}`;
  return via.host.replace(/[[\]]/g, '') === remoteHost.toLowerCase()
    ? marked
    : `${marked};received=${remoteHost}`;
}

/** What tells apart transactions of different senders that chose the same branch (RFC 3261 §17.2.3). */
export const sentBy = (via: Via): string => (via.port === undefined ? via.host : `${via.host}:${via.port}`);
