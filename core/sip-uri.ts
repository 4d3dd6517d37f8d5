export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  readonly user: string;
  /** brackets kept around an IPv6 address */
  readonly host: string;
  readonly port: number | undefined;
  /** from its first ';' on, '' when there are none */
  readonly params: string;
  /** from its '?' on, '' when there are none */
  readonly headers: string;
}

const shape =
  /^(sips?):(?:([^@\s<>]*)@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9.])?)(?::(\d{1,5}))?(;[^?\s]*)?(\?\S*)?$/i;

export function parseUri(text: string): SipUri | undefined {
  const parts = shape.exec(text);
  if (!parts?.[3]) return undefined;
  const port = parts[4] === undefined ? undefined : Number(parts[4]);
  if (port !== undefined && (port === 0 || port > 65_535)) return undefined;
  const scheme = parts[1]?.toLowerCase() === 'sips' ? 'sips' : 'sip';
  return {
    scheme,
    user: parts[2] ?? '',
    host: parts[3],
    port,
    params: parts[5] ?? '',
    headers: parts[6] ?? '',
  };
}

/** A URI parameter's value: '' when it stands alone, undefined when it is not there. */
export function uriParam(uri: SipUri, name: string): string | undefined {
  if (uri.params === '') return undefined;
  for (const item of uri.params.slice(1).split(';')) {
    const equals = item.indexOf('=');
    if ((equals < 0 ? item : item.slice(0, equals)).toLowerCase() === name)
      return equals < 0 ? '' : item.slice(equals + 1);
  }
  return undefined;
}
