import type { Dialog } from '../dialog/dialog.ts';
import type { SipMessage } from '../message/sip-message.ts';
import type { Hop } from '../transport/flow.ts';
import { finish, newBranch, nextHopUri, startDialogRequest } from './compose.ts';
import type { Engine } from './engine.ts';
import { locate } from './locate.ts';
import { nobodyWaits, sendRequest } from './send-request.ts';

/** Where a request of a dialog goes: over the peer's own stream while that is open, else where its URI leads. */
export function dialogHop(
  engine: Engine,
  dialog: Dialog,
  request: SipMessage,
  found: (hop: Hop | undefined) => void,
): void {
  if (dialog.connection?.open) {
    found({ protocol: dialog.listener.protocol, host: '', port: 0, connection: dialog.connection });
    return;
  }
  if (dialog.seenAt) {
    found({ protocol: dialog.listener.protocol, ...dialog.seenAt });
    return;
  }
  locate(engine, nextHopUri(request), dialog.listener.protocol, (hops) => found(hops?.[0]));
}

/** A BYE nobody waits for. */
export function sendBye(engine: Engine, dialog: Dialog, reason: string): SipMessage {
  const bye = startDialogRequest(dialog, 'BYE', ++dialog.localSeq, newBranch()).add('Reason', reason);
  finish(bye, [], undefined, '');
  dialogHop(engine, dialog, bye, (hop) => {
    if (hop) sendRequest(engine, bye, hop, dialog.listener, nobodyWaits);
  });
  return bye;
}
