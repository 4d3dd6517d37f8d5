import { unsolicited } from '../app/app-tokens.ts';
import type { Dialog } from '../dialog/dialog.ts';
import type { Engine } from './engine.ts';
import type { ReceivedRequest } from './received-request.ts';
import { sendBye } from './send-in-dialog.ts';
import { writeCdr } from './write-cdr.ts';

export const sessionExpired = 'Session timer expired';

/**
 * RFC 3261 §13.3.1.4: a 2xx to INVITE is repeated by us, not by its transaction, until the ACK comes. Without one within
 * 64*T1 the dialog is ended by a BYE, and the application is told of that BYE.
 */
export function repeatUntilAcknowledged(
  engine: Engine,
  request: ReceivedRequest,
  dialog: Dialog,
  status: number,
  text: string,
): void {
  const { t1, t2, t1x64 } = engine.timers;
  let interval = t1;
  const again = () => {
    request.transaction.machine.respond(status, text);
    interval = Math.min(interval * 2, t2);
    repeat = setTimeout(again, interval).unref();
  };
  let repeat = setTimeout(again, interval).unref();
  const deadline = setTimeout(() => {
    clearTimeout(repeat);
    dialog.unacknowledged = undefined;
    endUnasked(engine, dialog, 'ACK timeout');
  }, t1x64).unref();
  const stop = () => {
    clearTimeout(repeat);
    clearTimeout(deadline);
  };
  dialog.unacknowledged?.stop();
  dialog.unacknowledged = {
    seq: request.message.cseq?.number ?? 0,
    transactionId: request.transactionId,
    stop,
  };
}

/** End a dialog of our own accord. The application reads why in the Reason header of the BYE it is shown. */
export function endUnasked(engine: Engine, dialog: Dialog, why: string): void {
  const bye = sendBye(engine, dialog, `SIP ;cause=200 ;text="${why}"`);
  engine.dialogs.remove(dialog);
  dialog.owner.send(unsolicited(bye.print(), dialog.listener, dialog.id));
  const reason = why === sessionExpired ? 'session-expired' : 'system-initiated-termination';
  writeCdr(engine, { event: 'stop', source: 'application', reason }, bye);
}
