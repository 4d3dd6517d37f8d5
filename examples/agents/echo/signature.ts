import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** A handshake is good for so long, s: clocks differ, and an old one is somebody else's. */
const GOOD_FOR = 300;

/** Whether a handshake was signed with the secret; `url` is the agent's as it stands in the configuration. */
export function isSigned(
  headers: IncomingHttpHeaders,
  { url, secret, now = Date.now() }: { readonly url: string; readonly secret: string; readonly now?: number },
): boolean {
  const [, seconds = '', digest = ''] =
    /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(String(headers['x-trunkline-signature'])) ?? [];
  const expected = createHmac('sha256', secret)
    .update(`${seconds}.${headers['x-trunkline-call']}.${url}`)
    .digest('hex');
  const isOurs = digest.length === 64 && timingSafeEqual(Buffer.from(digest), Buffer.from(expected));
  return isOurs && Math.abs(now / 1_000 - Number(seconds)) < GOOD_FOR;
}
