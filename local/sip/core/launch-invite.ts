import { fromNetwork, madeUp } from '../app/app-tokens.ts';
import { owned } from '../dialog/dialog.ts';
import type { Hops } from '../locate/locator.ts';
import { SipMessage } from '../message/sip-message.ts';
import type { IncomingResponse } from '../transaction/incoming-response.ts';
import { InviteClient } from '../transaction/invite-client.ts';
import { clientKey } from '../transaction/keys.ts';
import { ackForFailure, withNewBranch } from './compose.ts';
import type { Engine } from './engine.ts';
import { forgetForks, forkOf } from './forks.ts';
import { learnPeer } from './peer-address.ts';
import { ackAndBye, readyForAck } from './send-ack.ts';
import { brokenBy, madeUpFor, retryAfter } from './send-request.ts';
import { idOf, type SentInvite } from './sent-invite.ts';
import { acceptedSession } from './session-timer.ts';
import { cdrOfFinal } from './write-cdr.ts';

/** To the first of the places of one name; to the next when that is dead or overloaded (RFC 3263 §4.3). */
export function launchInvite(engine: Engine, sent: SentInvite, hops: Hops | undefined): void {
  if (sent.canceled || !hops) {
    tellMadeUp(engine, sent, sent.canceled ? 'canceled' : 'unresolved');
    return;
  }
  const [hop, ...others] = hops;
  const { failures } = engine.locator;
  const launched = { request: sent.request };
  const next = (): boolean => {
    const [following, ...rest] = others;
    if (!following || sent.canceled) return false;
    forgetForks(engine, sent, undefined);
    sent.request = withNewBranch(sent.request, sent.listener);
    launchInvite(engine, sent, [following, ...rest]);
    return true;
  };
  const finalOf = (response: IncomingResponse) => {
    if (response.status === 503) failures.failed(hop, retryAfter(response.message));
    else failures.worked(hop);
    if (response.status === 503 && next()) return;
    final(engine, sent, response);
    launched.request = sent.request;
  };
  const key = clientKey(sent.request.via?.branch ?? '', 'INVITE');
  let broken: Error | undefined;
  const outlet = engine.transports.requestOutlet(hop, sent.listener, (error) => {
    broken = error;
    client.transportError();
  });
  const client: InviteClient = new InviteClient(sent.request.print(), outlet, engine.timers, {
    response: (response) => (response.status < 200 ? provisional(engine, sent, response) : finalOf(response)),
    furtherSuccess: (response) => furtherSuccess(engine, sent, response),
    failed: (why) => {
      failures.failed(hop);
      if (!next()) tellMadeUp(engine, sent, why, broken && brokenBy(hop, broken));
    },
    ackFor: ({ message }) => ackForFailure(launched.request, message),
    ended: () => engine.clients.delete(key),
  });
  sent.hop = hop;
  sent.client = client;
  engine.clients.set(key, client);
  client.start();
}

function provisional(engine: Engine, sent: SentInvite, response: IncomingResponse): void {
  const { message } = response;
  if (response.status === 100) return; // hop by hop, it tells an application nothing
  const rseq = message.lists('require', '100rel') ? Number(message.first('rseq') ?? Number.NaN) : undefined;
  if (message.toTag !== '' && !sent.within) {
    const fork = forkOf(engine, sent, response);
    if (rseq !== undefined) {
      const inOrder = Number.isInteger(rseq) && (fork.rseq === undefined || rseq === fork.rseq + 1);
      if (!inOrder) return; // RFC 3262 §4: a repetition, or one whose predecessor is still to come
      fork.rseq = rseq;
    }
  }
  tell(sent, response);
}

function final(engine: Engine, sent: SentInvite, response: IncomingResponse): void {
  engine.inviting.delete(sent.transactionId);
  if (sent.within) sent.within.inviteOut = undefined;
  if (response.status < 300) accept(engine, sent, response);
  else forgetForks(engine, sent, undefined);
  if (!sent.within) cdrOfFinal(engine, 'network', 'uac', response.message);
  tell(sent, response);
  sent.request = remainder(sent.request);
}

const needed: ReadonlySet<string> = new Set([
  'via',
  'route',
  'from',
  'to',
  'call-id',
  'cseq',
  'contact',
  'authorization',
  'proxy-authorization',
]);

/** The transaction lives on for 64*T1: it must not hold on to the body and the text all headers are cut from. */
function remainder(request: SipMessage): SipMessage {
  const kept = SipMessage.request(owned(request.method), owned(request.uri));
  for (const { key, name, value } of request.lines)
    if (needed.has(key)) kept.lines.push({ key, name, value: owned(value) });
  return kept;
}

function accept(engine: Engine, sent: SentInvite, response: IncomingResponse): void {
  const fork = forkOf(engine, sent, response);
  fork.dialog.inviteOut = undefined;
  fork.dialog.siblings = undefined;
  forgetForks(engine, sent, fork);
  fork.dialog.retarget(response.message);
  if (!sent.within) {
    fork.dialog.routeBy(response.message.all('record-route').reverse()); // RFC 3261 §12.1.2, §13.2.2.4
    learnPeer(fork.dialog, response.message, response.arrival);
    engine.dialogs.confirm(fork.dialog);
  }
  acceptedSession(engine, fork.dialog, response.message, sent.request.body);
  readyForAck(engine, sent, fork);
}

/** RFC 6026 §7.2: the same 2xx again gets the same ACK again; another fork's answer gets an ACK and a BYE (RFC 3261 §13.2.2.4). */
function furtherSuccess(engine: Engine, sent: SentInvite, response: IncomingResponse): void {
  const known = sent.forks.get(response.message.toTag);
  if (known) known.ack?.();
  else if (!sent.within) ackAndBye(engine, sent, forkOf(engine, sent, response), response);
}

const tell = (sent: SentInvite, { message, arrival }: IncomingResponse): void =>
  sent.owner.send(fromNetwork(message.print(), arrival, sent.transactionId, idOf(sent), false));

function tellMadeUp(
  engine: Engine,
  sent: SentInvite,
  why: 'timeout' | 'transport' | 'unresolved' | 'canceled',
  detail?: string,
): void {
  engine.inviting.delete(sent.transactionId);
  if (sent.within) sent.within.inviteOut = undefined;
  forgetForks(engine, sent, undefined);
  const made = madeUpFor(sent.request, why, detail);
  if (!sent.within) cdrOfFinal(engine, 'network', 'uac', made);
  sent.owner.send(madeUp(made.print(), sent.listener.protocol, sent.transactionId, idOf(sent)));
}
