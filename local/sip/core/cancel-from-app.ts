import { randomUUID } from 'node:crypto';
import type { AppConnection } from '../app/app-connection.ts';
import { type AppMessage, appHeaders } from '../app/app-message.ts';
import { notDone, requestSent } from '../app/app-tokens.ts';
import { finish, sameTransaction } from './compose.ts';
import type { Engine } from './engine.ts';
import { nobodyWaits, sendRequest } from './send-request.ts';

const serversOwn: ReadonlySet<string> = new Set(['from', 'to', 'call-id', 'cseq', 'contact', 'content-type']);

/** An application cancels an INVITE of its own; the CANCEL leaves once the INVITE has a provisional response (RFC 3261 §9.1). */
export function cancelFromApp(
  engine: Engine,
  app: AppConnection,
  id: string,
  transactionId: string,
  message: AppMessage,
): void {
  const sent = engine.inviting.get(transactionId);
  if (!sent || sent.owner !== app) {
    app.send(notDone(id, `unable to cancel unknown transaction id: ${transactionId}`));
    return;
  }
  const cancel = sameTransaction(sent.request, 'CANCEL', sent.request.first('to') ?? '');
  finish(cancel, appHeaders(message, sent.listener, serversOwn), undefined, '');
  app.send(requestSent(id, cancel.print(), sent.listener, randomUUID()));
  if (sent.canceled) return;
  sent.canceled = true;
  sent.client?.cancel(() => {
    if (sent.hop) sendRequest(engine, cancel, sent.hop, sent.listener, nobodyWaits);
  });
}
