import type { AppConnection } from '../app/app-connection.ts';
import type { AppMessage } from '../app/app-message.ts';
import { parseNameAddr } from '../message/name-addr.ts';
import type { SipMessage } from '../message/sip-message.ts';
import type { Connection, Listener } from '../transport/flow.ts';

/** The strings of a message share its text; a dialog lives long and must not hold on to that. */
export const owned = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');

export interface DialogStart {
  readonly id: string;
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** From and To as our own requests carry them, without tags */
  readonly local: string;
  readonly remote: string;
  readonly localSeq: number;
  readonly remoteSeq: number | undefined;
  /** our Contact header */
  readonly contact: string;
  readonly kind: 'INVITE' | 'SUBSCRIBE';
  readonly listener: Listener;
  readonly owner: AppConnection;
}

/** One of our dialogs (RFC 3261 §12), early until `confirmed`. */
export class Dialog {
  readonly id: string;
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly local: string;
  readonly remote: string;
  readonly kind: 'INVITE' | 'SUBSCRIBE';
  readonly listener: Listener;
  readonly owner: AppConnection;
  contact: string;
  localSeq: number;
  remoteSeq: number | undefined;
  confirmed = false;
  /** URIs in brackets with their parameters, ours to send in this order (§12.1) */
  routes: readonly string[] = [];
  /** where requests are for: the peer's Contact (§12.1, §12.2) */
  target = '';
  /** the stream the peer uses; while it is open everything goes over it */
  connection: Connection | undefined;
  /** set when the peer's Contact is not where its messages come from: it sits behind a NAT */
  seenAt: { readonly host: string; readonly port: number } | undefined;
  /** CSeq of an INVITE of ours with no final response (§14) */
  inviteOut: number | undefined;
  /** transaction id of an INVITE of the peer's that has no final response (§14) */
  inviteIn: string | undefined;
  /** sends the application's ACK for the 2xx to our INVITE; undefined when none is owed */
  ackOwed: ((ack: AppMessage) => SipMessage) | undefined;
  /** early dialogs of the same INVITE of ours, with the RSeq each was last heard with; undefined once one is confirmed */
  siblings: ReadonlyMap<string, { readonly dialog: Dialog; readonly rseq: number | undefined }> | undefined;
  /** stops repeating our 2xx to the INVITE with this CSeq */
  unacknowledged: { readonly seq: number; readonly transactionId: string; stop(): void } | undefined;

  /** the session ends unless it is refreshed (RFC 4028) */
  session: { readonly seconds: number; readonly weRefresh: boolean; sdp: string; stop(): void } | undefined;

  /** the subscription ends unless it is refreshed */
  subscription: { stop(): void } | undefined;

  constructor(start: DialogStart) {
    this.id = owned(start.id);
    this.callId = owned(start.callId);
    this.localTag = owned(start.localTag);
    this.remoteTag = owned(start.remoteTag);
    this.local = owned(start.local);
    this.remote = owned(start.remote);
    this.contact = owned(start.contact);
    this.localSeq = start.localSeq;
    this.remoteSeq = start.remoteSeq;
    this.kind = start.kind;
    this.listener = start.listener;
    this.owner = start.owner;
  }

  /** Learn the peer's Contact from a request or response that may change it (§12.2.1.2, §12.2.2). */
  retarget(message: SipMessage): void {
    const uri = parseNameAddr(message.all('contact')[0] ?? '')?.uri;
    if (uri) this.target = owned(uri);
  }

  routeBy(recordRoutes: readonly string[]): void {
    this.routes = recordRoutes.map(owned);
  }
}

/** Requests whose 2xx begins a dialog: REFER subscribes to what becomes of it (RFC 3261 §12.1, RFC 6665 §4.1, RFC 3515 §2.4.4). */
export const beginsDialogs = (method: string): boolean => method === 'INVITE' || subscribes(method);

export const subscribes = (method: string): boolean => method === 'SUBSCRIBE' || method === 'REFER';

/** The application knows a dialog by its Call-ID and the tag of the caller; the bar parts tokens in its frames. */
export const dialogId = (callId: string, fromTag: string): string =>
  `${callId.replaceAll('|', '%7C')};from-tag=${fromTag}`;
