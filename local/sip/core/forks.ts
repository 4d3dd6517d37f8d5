import { dialogWeBegan } from '../dialog/dialog-we-began.ts';
import type { IncomingResponse } from '../transaction/incoming-response.ts';
import type { Engine } from './engine.ts';
import { learnPeer } from './peer-address.ts';
import type { Fork, SentInvite } from './sent-invite.ts';

/** The fork a response is from; a tag not seen before begins one (RFC 3261 §12.1.2). */
export function forkOf(engine: Engine, sent: SentInvite, response: IncomingResponse): Fork {
  const { message, arrival } = response;
  const known = sent.forks.get(message.toTag);
  if (known) return known;
  const dialog = sent.within ?? dialogWeBegan(sent, 'INVITE', message.toTag);
  if (!sent.within) {
    dialog.inviteOut = sent.request.cseq?.number;
    dialog.siblings = sent.forks;
  }
  const fork: Fork = { dialog, rseq: undefined, ack: undefined };
  sent.forks.set(message.toTag, fork);
  if (!sent.within) {
    dialog.routeBy(message.all('record-route').reverse());
    learnPeer(dialog, message, arrival);
    engine.dialogs.add(dialog);
  }
  return fork;
}

/** No answerer but this one is in an early dialog any more. */
export function forgetForks(engine: Engine, sent: SentInvite, except: Fork | undefined): void {
  if (sent.within) return;
  for (const [tag, fork] of sent.forks) {
    if (fork === except) continue;
    engine.dialogs.remove(fork.dialog);
    sent.forks.delete(tag);
  }
}
