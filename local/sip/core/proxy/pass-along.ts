import type { SipMessage } from '../../message/sip-message.ts';
import type { Arrival } from '../../transport/flow.ts';
import { newBranch, plainResponse } from '../compose.ts';
import type { Engine } from '../engine.ts';
import { listenerTo, locate } from '../locate.ts';
import type { ServerTransaction } from '../received-request.ts';
import { writeCdr } from '../write-cdr.ts';
import { byRoutes, forwardedRequest, isOwnUri, passingFault, routesBeyond } from './forwarded.ts';
import { ProxiedRequest, type ProxyOrder } from './proxied-request.ts';
import { sendOn } from './send-on.ts';

/** A request of a dialog we put our Record-Route into: it goes on by its Routes, without any application (RFC 3261 §16.4). */
export function passAlong(
  engine: Engine,
  request: SipMessage,
  arrival: Arrival,
  transaction: ServerTransaction,
): void {
  const refusal = passingFault(request);
  if (refusal) {
    transaction.machine.respond(refusal.status, refusal.print());
    return;
  }
  const way = byRoutes(request.uri, routesBeyond(engine.transports.listeners, request));
  if (isOwnUri(engine.transports.listeners, way.nextHop)) {
    // it is for us, and of no dialog of ours
    transaction.machine.respond(481, plainResponse(request, 481, 'Call/Transaction Does Not Exist'));
    return;
  }
  const order: ProxyOrder = {
    simultaneous: false,
    followRedirects: false,
    patience: { provisional: undefined, final: undefined },
    send: (proxied, target, sent) =>
      sendOn(engine, proxied, target, sent, () => ({ ...way, recordRoutes: [], headers: [] })),
  };
  if (request.method === 'BYE')
    for (const source of ['network', 'application'] as const)
      writeCdr(engine, { event: 'stop', source, reason: 'normal-release' }, request);
  const user = { final: () => {}, done: () => {} };
  new ProxiedRequest(engine, transaction, request, arrival, order, user).start([
    { uri: way.nextHop, redirected: false },
  ]);
}

/** The ACK of a 2xx is a transaction of its own that nobody answers (§13.2.2.4): it is sent on and forgotten. */
export function passAckAlong(engine: Engine, ack: SipMessage): void {
  const way = byRoutes(ack.uri, routesBeyond(engine.transports.listeners, ack));
  if (ack.first('max-forwards') === '0' || isOwnUri(engine.transports.listeners, way.nextHop)) return;
  locate(engine, way.nextHop, undefined, (hops) => {
    const hop = hops?.[0];
    const leaving = hop && listenerTo(engine, hop);
    if (!hop || !leaving) return;
    const outlet = engine.transports.requestOutlet(hop, leaving, () => {});
    outlet.send(
      forwardedRequest(ack, leaving, newBranch(), { ...way, recordRoutes: [], headers: [] }).print(),
    );
    outlet.release();
  });
}
