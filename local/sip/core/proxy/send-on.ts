import type { SipMessage } from '../../message/sip-message.ts';
import type { Listener } from '../../transport/flow.ts';
import { newBranch } from '../compose.ts';
import type { Engine } from '../engine.ts';
import { locate, placeOf } from '../locate.ts';
import { Branch } from './branch.ts';
import { type Changes, forwardedRequest } from './forwarded.ts';
import type { ProxiedRequest, Target } from './proxied-request.ts';

/** Prepare a request for one target: find the way there and write it as it goes on. */
export function sendOn(
  engine: Engine,
  proxied: ProxiedRequest,
  target: Target,
  sent: (branch: Branch | undefined, request?: SipMessage) => void,
  changes: (leaving: Listener) => Changes,
): void {
  const place = placeOf(target.uri);
  const leaving = place && engine.transports.listenerFor(place.protocol);
  if (!place || !leaving) {
    sent(undefined);
    return;
  }
  locate(place, (hop) => {
    if (!hop) {
      sent(undefined);
      return;
    }
    const request = forwardedRequest(proxied.message, leaving, newBranch(), changes(leaving));
    const user = {
      provisional: proxied.provisional.bind(proxied),
      success: proxied.success.bind(proxied),
      failure: proxied.failure.bind(proxied, target),
    };
    sent(new Branch(engine, request, hop, leaving, user), request);
  });
}
