import type { AppConnection } from '../app/app-connection.ts';
import { type Dialog, dialogId } from '../dialog/dialog.ts';
import type { SipMessage } from '../message/sip-message.ts';
import type { InviteClient } from '../transaction/invite-client.ts';
import type { Hop, Listener } from '../transport/flow.ts';

/** One answerer of an INVITE of ours: a fork, told apart by its To tag (RFC 3261 §12.1.2, §13.2.2.4). */
export interface Fork {
  readonly dialog: Dialog;
  /** RSeq of the last reliable provisional that came in order (RFC 3262 §4) */
  rseq: number | undefined;
  /** the ACK for its 2xx, to be sent again for each repetition of that */
  ack: (() => void) | undefined;
}

/** An INVITE of an application, outside of a dialog or in one. */
export interface SentInvite {
  readonly transactionId: string;
  /** once it has its final response, what is left is what forks and ACKs need of it */
  request: SipMessage;
  readonly owner: AppConnection;
  readonly listener: Listener;
  /** undefined outside of a dialog */
  readonly within: Dialog | undefined;
  readonly forks: Map<string, Fork>;
  /** undefined until the name of its target is resolved */
  client: InviteClient | undefined;
  hop: Hop | undefined;
  canceled: boolean;
}

export const idOf = (sent: SentInvite): string =>
  sent.within?.id ?? dialogId(sent.request.callId, sent.request.fromTag);
