import type { Hops } from '../../locate/locator.ts';
import type { SipMessage } from '../../message/sip-message.ts';
import type { Listener } from '../../transport/flow.ts';
import { newBranch } from '../compose.ts';
import type { Engine } from '../engine.ts';
import { listenerTo, locate } from '../locate.ts';
import { retryAfter } from '../send-request.ts';
import { Branch, type BranchUser } from './branch.ts';
import { type Changes, forwardedRequest } from './forwarded.ts';
import type { ProxiedRequest } from './proxied-request.ts';
import type { Target } from './target.ts';

/** Prepare a request for one target: find the way there and write it as it goes on. */
export function sendOn(
  engine: Engine,
  proxied: ProxiedRequest,
  target: Target,
  sent: (branch: Branch | undefined, request?: SipMessage) => void,
  changes: (leaving: Listener) => Changes,
): void {
  locate(engine, target.uri, undefined, (hops) => {
    if (hops) tryOne(engine, proxied, target, hops, sent, changes);
    else sent(undefined);
  });
}

/** One place of a name after the other, until one is neither dead nor overloaded (RFC 3263 §4.3). */
function tryOne(
  engine: Engine,
  proxied: ProxiedRequest,
  target: Target,
  [hop, ...others]: Hops,
  sent: (branch: Branch | undefined, request?: SipMessage) => void,
  changes: (leaving: Listener) => Changes,
): void {
  const leaving = listenerTo(engine, hop);
  if (!leaving) {
    sent(undefined);
    return;
  }
  const request = forwardedRequest(proxied.message, leaving, newBranch(), changes(leaving));
  const { failures } = engine.locator;
  const user: BranchUser = {
    provisional: proxied.provisional.bind(proxied),
    success: (response) => {
      failures.worked(hop);
      proxied.success(target, response);
    },
    failure: (status, response) => {
      const dead = status === 503 || response === undefined;
      if (dead) failures.failed(hop, response && retryAfter(response.message));
      else failures.worked(hop);
      const [following, ...rest] = others;
      if (dead && following && proxied.searching)
        tryOne(engine, proxied, target, [following, ...rest], sent, changes);
      else proxied.failure(target, status, response);
    },
  };
  sent(new Branch(engine, request, hop, leaving, user), request);
}
