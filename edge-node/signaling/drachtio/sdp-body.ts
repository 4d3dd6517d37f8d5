/** The body of a message where it is an SDP. */
export function sdpIn(message: {
  get(name: string): string | undefined;
  body: string | undefined;
}): string | undefined {
  if (!message.body) return undefined;
  const type = message.get('content-type') ?? '';
  return /^\s*application\/sdp\s*(;|$)/i.test(type) ? message.body : undefined;
}
