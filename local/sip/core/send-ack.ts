import { type AppMessage, appHeaders, contentType, parseAppMessage } from '../app/app-message.ts';
import { type Dialog, owned } from '../dialog/dialog.ts';
import type { SipMessage } from '../message/sip-message.ts';
import type { IncomingResponse } from '../transaction/incoming-response.ts';
import type { Hop, Listener } from '../transport/flow.ts';
import { finish, newBranch, startDialogRequest } from './compose.ts';
import type { Engine } from './engine.ts';
import { dialogHops, sendBye } from './send-in-dialog.ts';
import type { Fork, SentInvite } from './sent-invite.ts';
import { endUnasked } from './unacknowledged.ts';

const serversOwn: ReadonlySet<string> = new Set([
  'from',
  'to',
  'call-id',
  'cseq',
  'contact',
  'authorization',
  'proxy-authorization',
]);

/** The application owes the ACK for the 2xx of this fork; once it comes it is sent, and again for each repeated 2xx. */
export function readyForAck(engine: Engine, sent: SentInvite, fork: Fork): void {
  const { dialog } = fork;
  dialog.ackOwed = (ack) => {
    dialog.ackOwed = undefined;
    const message = sendAck(engine, sent, fork, ack);
    // drachtio-server ends a call whose 2xx crossed the application's CANCEL, and says so
    if (sent.canceled && !sent.within) endUnasked(engine, dialog, 'ACK-BYE due to cancel race condition');
    return message;
  };
}

/** RFC 3261 §13.2.2.4: an answer nobody can use is acknowledged and hung up. */
export function ackAndBye(engine: Engine, sent: SentInvite, fork: Fork, response: IncomingResponse): void {
  sendAck(engine, sent, fork, parseAppMessage('ACK'));
  engine.log.info(
    { callId: sent.request.callId, toTag: response.message.toTag },
    'a further fork answered and was hung up',
  );
  sendBye(engine, fork.dialog, 'SIP ;cause=200 ;text="Call completed elsewhere"');
  engine.dialogs.remove(fork.dialog);
}

/** The ACK for a 2xx that no application waits for. */
export function acknowledgeUnasked(engine: Engine, dialog: Dialog, seq: number): void {
  const message = finish(startDialogRequest(dialog, 'ACK', seq, newBranch()), [], undefined, '');
  dialogHops(engine, dialog, message, (hops) => {
    if (hops) transmit(engine, dialog.listener, hops[0], message.print());
  });
}

function transmit(engine: Engine, from: Listener, hop: Hop, text: string): void {
  const outlet = engine.transports.requestOutlet(hop, from, () => {});
  outlet.send(text);
  outlet.release();
}

function sendAck(engine: Engine, sent: SentInvite, fork: Fork, ack: AppMessage): SipMessage {
  const { dialog } = fork;
  const message = startDialogRequest(dialog, 'ACK', sent.request.cseq?.number ?? 0, newBranch());
  for (const line of sent.request.lines)
    if (/^(proxy-)?authorization$/.test(line.key)) message.lines.push(line); // §13.2.2.4
  finish(message, appHeaders(ack, dialog.listener, serversOwn), contentType(ack), ack.body);
  const text = message.print();
  if (dialog.session && ack.body !== '') dialog.session.sdp = owned(ack.body);
  dialogHops(engine, dialog, message, (hops) => {
    if (!hops) return;
    fork.ack = () => transmit(engine, dialog.listener, hops[0], text);
    fork.ack();
  });
  return message;
}
