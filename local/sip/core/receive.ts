import { fromNetwork } from '../app/app-tokens.ts';
import { beginsDialogs } from '../dialog/dialog.ts';
import { tooShort } from '../dialog/session-expires.ts';
import { cutList } from '../message/name-addr.ts';
import { parseMessage } from '../message/parse-message.ts';
import { SipMessage } from '../message/sip-message.ts';
import { bad, type Refusal, requestFault, responseUsable } from '../message/validate-request.ts';
import { markVia, type Via } from '../message/via.ts';
import { InviteServer } from '../transaction/invite-server.ts';
import { clientKey, requestKey, serverKey } from '../transaction/keys.ts';
import { RequestServer } from '../transaction/request-server.ts';
import type { Arrival } from '../transport/flow.ts';
import { largestMessage } from '../transport/stream-limits.ts';
import { finish, newTag, plainResponse, startResponse } from './compose.ts';
import type { Engine } from './engine.ts';
import { answerFor, give } from './give-request.ts';
import { receiveAck, receiveInDialog } from './receive-in-dialog.ts';
import { dialogIdOf, type ServerTransaction } from './received-request.ts';
import { sessionTooShort } from './session-timer.ts';
import { cdrOfFinal, writeCdr } from './write-cdr.ts';

/** Each is kept for 64*T1: a flood must not fill the memory. */
const mostTransactions = 100_000;

/** One message from the network, whatever it is. It never throws: what comes is hostile. */
export function receive(engine: Engine, text: string, arrival: Arrival): void {
  const parsed = parseMessage(text);
  const message = parsed instanceof SipMessage ? parsed : parsed.message;
  if (!message || message.status > 0) {
    if (parsed instanceof SipMessage && responseUsable(parsed)) receiveResponse(engine, parsed, arrival);
    return; // RFC 3261 §8.1.3.1, §18.1.2: an unreadable response is dropped, as is what is no SIP at all
  }
  const via = message.via;
  if (!via) return; // nowhere to answer to
  const top = message.lines.find((line) => line.key === 'via');
  if (top) top.value = markTop(top.value, via, arrival);
  const unread = parsed instanceof SipMessage ? undefined : bad(parsed.fault);
  const fault = lengthFault(message, arrival) ?? unread ?? requestFault(message);
  if (fault) refuseStatelessly(engine, message, arrival, fault.status, fault.reason);
  else if (engine.servers.size >= mostTransactions)
    refuseStatelessly(engine, message, arrival, 503, 'Service Unavailable');
  else receiveRequest(engine, message, via, arrival);
}

function markTop(value: string, via: Via, arrival: Arrival): string {
  const [first = '', ...others] = cutList(value);
  return [markVia(first, via, arrival.host, arrival.port), ...others].join(', ');
}

function receiveResponse(engine: Engine, message: SipMessage, arrival: Arrival): void {
  const key = clientKey(message.via?.branch ?? '', message.cseq?.method ?? '');
  engine.clients.get(key)?.receive({ status: message.status, message, arrival });
}

function receiveRequest(engine: Engine, request: SipMessage, via: Via, arrival: Arrival): void {
  const key = serverKey(request, via);
  const known = engine.servers.get(key);
  if (request.method === 'ACK') {
    if (known?.machine instanceof InviteServer) known.machine.receiveAck();
    if (!known || request.toTag !== '') receiveAck(engine, request, arrival);
  } else if (known) known.machine.receiveAgain();
  else if (request.method === 'CANCEL') receiveCancel(engine, request, via, key, arrival);
  else if (request.toTag !== '')
    receiveInDialog(engine, request, arrival, () => openServer(engine, request, key, arrival));
  else receiveNew(engine, request, key, arrival);
}

/** Where a stream has no other end of a message, it must be said (§20.14); a WebSocket has its own (RFC 7118). */
function lengthFault(request: SipMessage, { listener: { protocol } }: Arrival): Refusal | undefined {
  const declared = request.first('content-length');
  if (declared === undefined)
    return protocol === 'tcp' || protocol === 'tls' ? bad('missing content-length') : undefined;
  const tooLarge = /^\d+$/.test(declared) && Number(declared) >= largestMessage;
  return tooLarge ? { status: 513, reason: 'Message Too Large' } : undefined; // §21.5.7
}

/** Begin the server transaction of a request, answering an INVITE 100 at once. */
function openServer(engine: Engine, request: SipMessage, key: string, arrival: Arrival): ServerTransaction {
  const outlet = engine.transports.replyOutlet(request, arrival);
  const merge = requestKey(request);
  const user = {
    ended: () => {
      const ended = engine.servers.get(key);
      if (ended?.request) engine.received.delete(ended.request.transactionId);
      engine.servers.delete(key);
      if (engine.merging.get(merge) === key) engine.merging.delete(merge);
    },
  };
  const machine =
    request.method === 'INVITE'
      ? new InviteServer(outlet, engine.timers, user)
      : new RequestServer(outlet, engine.timers, user);
  const transaction: ServerTransaction = { machine, request: undefined, proxied: undefined };
  engine.servers.set(key, transaction);
  if (machine instanceof InviteServer) {
    machine.respond(100, plainResponse(request, 100, 'Trying'));
    machine.awaitUser();
  }
  return transaction;
}

function receiveNew(engine: Engine, request: SipMessage, key: string, arrival: Arrival): void {
  const merge = requestKey(request);
  const merged = engine.merging.has(merge);
  const transaction = openServer(engine, request, key, arrival);
  if (merged) {
    transaction.machine.respond(482, plainResponse(request, 482, 'Loop Detected')); // §8.2.2.2
    return;
  }
  engine.merging.set(merge, key);
  if (tooShort(request)) {
    transaction.machine.respond(422, sessionTooShort(request));
    return;
  }
  const refusal = inviteFault(request);
  const owner = refusal ? undefined : engine.apps.next(request.method);
  const counts = request.method === 'INVITE' && !refusal;
  if (counts) writeCdr(engine, { event: 'attempt', source: 'network' }, request);
  if (refusal) transaction.machine.respond(400, plainResponse(request, 400, `Bad Request (${refusal})`));
  else if (!owner) {
    const none = finish(startResponse(request, 503, 'Service Unavailable', newTag()), [], undefined, '');
    if (counts) cdrOfFinal(engine, 'application', 'uas', none);
    transaction.machine.respond(503, none.print());
  } else give(engine, transaction, request, arrival, owner, undefined);
}

/** What a request that begins a dialog must have (§8.1.1.8). It may lack a From tag: that is a tag of null (§12.1.1). */
const inviteFault = (request: SipMessage): string | undefined =>
  beginsDialogs(request.method) && !request.has('contact') ? 'missing contact' : undefined;

/** §9.2: the CANCEL is answered 200 whenever it finds its transaction, and has an effect only before a final response. */
function receiveCancel(engine: Engine, request: SipMessage, via: Via, key: string, arrival: Arrival): void {
  const invite = engine.servers.get(serverKey(request, via, 'INVITE'));
  const transaction = openServer(engine, request, key, arrival);
  if (!invite) {
    transaction.machine.respond(481, plainResponse(request, 481, 'Call/Transaction Does Not Exist'));
    return;
  }
  const canceled = invite.machine.answered ? undefined : invite.request;
  if (canceled)
    canceled.owner.send(
      fromNetwork(request.print(), arrival, canceled.transactionId, dialogIdOf(canceled), false),
    );
  transaction.machine.respond(200, plainResponse(request, 200, 'OK', canceled?.localTag || undefined));
  if (canceled) {
    // about the INVITE, as drachtio-server has it
    writeCdr(engine, { event: 'stop', source: 'network', reason: 'call-canceled' }, canceled.message);
    answerFor(engine, canceled, 487, 'Request Terminated');
  }
  invite.proxied?.cancel();
}

/** Answer what cannot have a transaction; an ACK is never answered (§17.1.1.3). */
function refuseStatelessly(
  engine: Engine,
  request: SipMessage,
  arrival: Arrival,
  status: number,
  reason: string,
): void {
  if (request.method === 'ACK') return;
  engine.transports.replyOutlet(request, arrival).send(plainResponse(request, status, reason));
}
