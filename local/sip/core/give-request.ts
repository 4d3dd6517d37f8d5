import { randomUUID } from 'node:crypto';
import type { AppConnection } from '../app/app-connection.ts';
import { fromNetwork } from '../app/app-tokens.ts';
import type { Dialog } from '../dialog/dialog.ts';
import type { SipMessage } from '../message/sip-message.ts';
import { InviteServer } from '../transaction/invite-server.ts';
import type { Arrival } from '../transport/flow.ts';
import { finish, newTag, startResponse } from './compose.ts';
import type { Engine } from './engine.ts';
import type { ReceivedRequest, ServerTransaction } from './received-request.ts';
import { cdrOfFinal } from './write-cdr.ts';

/** Hand a request to the application that is to answer it. */
export function give(
  engine: Engine,
  transaction: ServerTransaction,
  message: SipMessage,
  arrival: Arrival,
  owner: AppConnection,
  dialog: Dialog | undefined,
): ReceivedRequest {
  const transactionId = randomUUID();
  const localTag = dialog?.localTag ?? '';
  const request: ReceivedRequest = {
    transactionId,
    message,
    arrival,
    transaction,
    owner,
    dialog,
    localTag,
    reliable: undefined,
  };
  transaction.request = request;
  engine.received.set(transactionId, request);
  owner.send(fromNetwork(message.print(), arrival, transactionId, dialog?.id ?? '', dialog === undefined));
  return request;
}

/** It is passed on: from here on its targets answer it. */
export function handOver(engine: Engine, request: ReceivedRequest): void {
  engine.received.delete(request.transactionId);
  request.transaction.request = undefined;
  const { machine } = request.transaction;
  if (machine instanceof InviteServer) machine.taken();
}

/** The application can no longer answer: the server does, or already has. */
export function takeBack(engine: Engine, request: ReceivedRequest): void {
  engine.received.delete(request.transactionId);
  request.transaction.request = undefined;
  request.reliable?.stop();
  const { dialog } = request;
  if (dialog && request.message.method === 'INVITE') {
    dialog.inviteIn = undefined;
    if (!dialog.confirmed) engine.dialogs.remove(dialog);
  }
}

export function answerFor(engine: Engine, request: ReceivedRequest, status: number, reason: string): void {
  const again = request.dialog?.confirmed; // a re-INVITE begins no call
  takeBack(engine, request);
  const tag = request.localTag || newTag();
  const response = finish(startResponse(request.message, status, reason, tag), [], undefined, '');
  if (request.message.method === 'INVITE' && status !== 487 && !again)
    cdrOfFinal(engine, 'application', 'uas', response);
  request.transaction.machine.respond(status, response.print());
}
