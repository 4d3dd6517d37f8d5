import { SipMessage } from '../../message/sip-message.ts';

/** In its class these tell the caller more than others (RFC 3261 §16.7 step 6). */
const telling: ReadonlySet<number> = new Set([401, 407, 415, 420, 484]);

/** Which final response a caller hears when no target accepted: 6xx, else of the lowest class, the earliest of equals. */
export function bestResponse(failures: readonly SipMessage[]): SipMessage | undefined {
  let best: SipMessage | undefined;
  for (const failure of failures) if (!best || rank(failure.status) < rank(best.status)) best = failure;
  return best && withAllChallenges(best, failures);
}

function rank(status: number): number {
  if (status >= 600) return 0;
  const ofClass = Math.floor(status / 100) * 10;
  return telling.has(status) ? ofClass : ofClass + 1;
}

/** RFC 3261 §16.7 step 7: who is asked for credentials by several targets has to hear all of them. */
function withAllChallenges(best: SipMessage, failures: readonly SipMessage[]): SipMessage {
  if (best.status !== 401 && best.status !== 407) return best;
  const all = SipMessage.response(best.status, best.reason);
  all.lines.push(...best.lines);
  all.body = best.body;
  for (const other of failures) {
    if (other === best || (other.status !== 401 && other.status !== 407)) continue;
    for (const line of other.lines)
      if (line.key === 'www-authenticate' || line.key === 'proxy-authenticate') all.lines.push(line);
  }
  return all;
}
