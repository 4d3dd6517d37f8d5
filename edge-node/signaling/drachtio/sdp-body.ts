/**
 * The body of a message where it is an SDP. Who sends a body must name its type (RFC 3261 §20.15); where nothing is named, what
 * begins as every SDP does (RFC 8866 §5.1) is taken for one.
 */
export function sdpIn(message: {
  get(name: string): string | undefined;
  body: string | undefined;
}): string | undefined {
  const { body } = message;
  if (!body) return undefined;
  const type = message.get('content-type')?.trim() ?? '';
  const isSdp = type === '' ? /^v=0\r?\n/.test(body) : /^application\/sdp\s*(;|$)/i.test(type);
  return isSdp ? body : undefined;
}
