import type { Dialog } from '../dialog/dialog.ts';
import type { Hops } from '../locate/locator.ts';
import type { SipMessage } from '../message/sip-message.ts';
import { finish, newBranch, nextHopUri, startDialogRequest } from './compose.ts';
import type { Engine } from './engine.ts';
import { locate } from './locate.ts';
import { nobodyWaits, sendToFirst } from './send-request.ts';

/** Where a request of a dialog goes: over the peer's own stream while that is open, else where its URI leads. */
export function dialogHops(
  engine: Engine,
  dialog: Dialog,
  request: SipMessage,
  found: (hops: Hops | undefined) => void,
): void {
  if (dialog.connection?.open) {
    found([{ protocol: dialog.listener.protocol, host: '', port: 0, connection: dialog.connection }]);
    return;
  }
  if (dialog.seenAt) {
    found([{ protocol: dialog.listener.protocol, ...dialog.seenAt }]);
    return;
  }
  locate(engine, nextHopUri(request), dialog.listener.protocol, found);
}

/** A BYE nobody waits for. */
export function sendBye(engine: Engine, dialog: Dialog, reason: string): SipMessage {
  const bye = startDialogRequest(dialog, 'BYE', ++dialog.localSeq, newBranch()).add('Reason', reason);
  finish(bye, [], undefined, '');
  dialogHops(engine, dialog, bye, (hops) => {
    if (hops) sendToFirst(engine, bye, hops, dialog.listener, nobodyWaits);
  });
  return bye;
}
