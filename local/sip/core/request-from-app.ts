import { randomUUID } from 'node:crypto';
import { targetOf } from '../../../core/sip-target.ts';
import { parseUri } from '../../../core/sip-uri.ts';
import type { AppConnection } from '../app/app-connection.ts';
import {
  type AppMessage,
  appHeaders,
  contentType,
  headerOf,
  ownAddress,
  ownContact,
} from '../app/app-message.ts';
import { fromNetwork, madeUp, notDone, requestSent } from '../app/app-tokens.ts';
import { beginsDialogs, dialogId, subscribes } from '../dialog/dialog.ts';
import type { Hops } from '../locate/locator.ts';
import { tagOf, untagged } from '../message/name-addr.ts';
import { SipMessage } from '../message/sip-message.ts';
import type { IncomingResponse } from '../transaction/incoming-response.ts';
import type { Listener } from '../transport/flow.ts';
import { contactOf, finish, newBranch, newTag, viaOf } from './compose.ts';
import type { Engine } from './engine.ts';
import { launchInvite } from './launch-invite.ts';
import { canReach, isOurs, listenerTo, locate } from './locate.ts';
import { madeUpFor, sendToFirst } from './send-request.ts';
import type { SentInvite } from './sent-invite.ts';
import { accepted, subscribe, unsubscribe } from './subscribing.ts';
import { writeCdr } from './write-cdr.ts';

const serversOwn: ReadonlySet<string> = new Set(['from', 'to', 'call-id', 'cseq', 'contact']);

/** An application sends a request outside of any dialog. `routeUri` is where it goes first, '' when where its URI says. */
export function requestFromApp(
  engine: Engine,
  app: AppConnection,
  id: string,
  routeUri: string,
  message: AppMessage,
): void {
  const refuse = (why: string) => app.send(notDone(id, why));
  const [method = '', uri = ''] = message.startLine.split(' ');
  if (!/^[A-Z]+$/.test(method) || !(parseUri(uri) || /^tel:/i.test(uri))) {
    refuse(`invalid request-uri: ${message.startLine}`);
    return;
  }
  const target = targetOf(routeUri || uri);
  if (!target || !canReach(engine, routeUri || uri, target)) {
    refuse('requested protocol/transport not available');
    return;
  }
  if (isOurs(engine, target)) {
    refuse('can not send request to myself');
    return;
  }
  if (message.body !== '' && contentType(message) === undefined) {
    refuse('missing content-type');
    return;
  }
  locate(engine, routeUri || uri, undefined, (hops) => {
    const listener = hops ? listenerTo(engine, hops[0]) : engine.transports.listeners[0];
    if (!listener) return;
    const request = compose(method, uri, message, listener);
    const transactionId = randomUUID();
    app.send(requestSent(id, request.print(), listener, transactionId));
    const places = hops && fromOneAddress(engine, hops, listener);
    if (method === 'INVITE') invite(engine, app, transactionId, request, places, listener);
    else other(engine, app, transactionId, request, places, listener);
  });
}

/** A request names the address it comes from, so what is reached from another of ours is left out. */
function fromOneAddress(engine: Engine, [first, ...others]: Hops, listener: Listener): Hops {
  return [first, ...others.filter((hop) => listenerTo(engine, hop) === listener)];
}

/** RFC 3261 §8.1.1. The application may choose From, To, Call-ID, CSeq and Contact, as after a digest challenge it must. */
function compose(method: string, uri: string, message: AppMessage, listener: Listener): SipMessage {
  const own = contactOf(listener);
  const from = ownAddress(headerOf(message, 'from') ?? own, listener);
  const chosenSeq = /^\d+/.exec(headerOf(message, 'cseq') ?? '')?.[0];
  const request = SipMessage.request(method, uri);
  request.add('Via', viaOf(listener, newBranch()));
  request.add('Max-Forwards', '70');
  request.add('From', tagOf(from) === '' ? `${from};tag=${newTag()}` : from);
  request.add('To', untagged(ownAddress(headerOf(message, 'to') ?? `<${uri}>`, listener)));
  request.add('Call-ID', headerOf(message, 'call-id') || randomUUID());
  request.add('CSeq', `${chosenSeq ?? 1} ${method}`);
  const contact = headerOf(message, 'contact');
  if (contact !== undefined) request.add('Contact', ownContact(contact, listener));
  else if (beginsDialogs(method)) request.add('Contact', own);
  return finish(request, appHeaders(message, listener, serversOwn), contentType(message), message.body);
}

function invite(
  engine: Engine,
  app: AppConnection,
  transactionId: string,
  request: SipMessage,
  hops: Hops | undefined,
  listener: Listener,
): void {
  const sent: SentInvite = {
    transactionId,
    request,
    owner: app,
    listener,
    within: undefined,
    forks: new Map(),
    client: undefined,
    hop: undefined,
    canceled: false,
  };
  engine.inviting.set(transactionId, sent);
  writeCdr(engine, { event: 'attempt', source: 'application' }, request);
  launchInvite(engine, sent, hops);
}

function other(
  engine: Engine,
  app: AppConnection,
  transactionId: string,
  request: SipMessage,
  hops: Hops | undefined,
  listener: Listener,
): void {
  const subscribing = subscribes(request.method) ? { request, listener, owner: app } : undefined;
  const id = subscribing ? dialogId(request.callId, request.fromTag) : '';
  if (subscribing) subscribe(engine, subscribing);
  const failed = (made: SipMessage) => {
    if (subscribing) unsubscribe(engine, subscribing);
    app.send(madeUp(made.print(), listener.protocol, transactionId, id));
  };
  const response = (incoming: IncomingResponse) => {
    if (subscribing && incoming.status >= 200) unsubscribe(engine, subscribing);
    if (subscribing && incoming.status >= 200 && incoming.status < 300)
      accepted(engine, subscribing, incoming);
    if (incoming.status > 100)
      app.send(fromNetwork(incoming.message.print(), incoming.arrival, transactionId, id, false));
  };
  if (hops) sendToFirst(engine, request, hops, listener, { response, failed });
  else failed(madeUpFor(request, 'unresolved'));
}
