import type { AgentSessionEvent } from '../../contracts/agent-media/session.ts';
import type { Party } from '../../contracts/events/call.ts';
import type { Credentials } from './auth/answer-challenge.ts';

/** What the B2BUA knows of SIP: calls that come in, calls that go out, and the dialogs they become. */

/** Reads what a challenge is answered with, when there is one. */
export type CredentialSource = () => Promise<Credentials>;

export type Headers = Readonly<Record<string, string>>;

/** Several values are a header each. */
export type ResponseHeaders = Readonly<Record<string, string | readonly string[]>>;

/** An INVITE outside a dialog. `cancelled` fires on CANCEL and when the SIP server goes away. */
export interface IncomingInvite {
  readonly sipCallId: string;
  readonly from: Party;
  readonly to: Party;
  /** Whom the To header names, where it can be read: a carrier that calls our registered contact says the number there. */
  readonly addressed: Party | undefined;
  /** Authorization headers, joined with commas. They go no further than to us. */
  readonly authorization: string | undefined;
  readonly source: { readonly address: string; readonly port: number; readonly transport: string };
  /** All its headers: names in lower case, several of one name joined with commas. */
  readonly headers: Headers;
  /** Body, where it is an SDP; undefined for a late offer (RFC 3261 §13.2.1). */
  readonly sdp: string | undefined;
  readonly cancelled: AbortSignal;
  /** Sends 180 or 183; with SDP and a caller that supports 100rel it is reliable (RFC 3262). */
  provisional(status: 180 | 183, sdp?: string): void;
  /**
   * Sends 200 once every reliable provisional response is PRACKed (RFC 3262 §3). Rejects if the caller is gone.
   * `credentials` are for a caller that challenges our requests in the dialog.
   */
  answer(sdp: string, credentials?: CredentialSource): Promise<Dialog>;
  /** Final failure response. Without effect where a final response has been sent. */
  refuse(status: number, headers?: ResponseHeaders): void;
}

/** A REGISTER outside a dialog. */
export interface IncomingRegister {
  /** Request-URI. */
  readonly uri: string;
  readonly sipCallId: string;
  /** Undefined where it cannot be read. */
  readonly cseq: number | undefined;
  /** Address of record: the To header, where it can be read. */
  readonly addressed: Party | undefined;
  readonly authorization: string | undefined;
  /** Contact headers, joined with commas, and Expires. */
  readonly contact: string | undefined;
  readonly expires: string | undefined;
  readonly source: IncomingInvite['source'];
  /** Final response. Without effect where one has been sent. */
  answer(status: number, headers?: ResponseHeaders): void;
}

/** The other side wants to change the session, or says that it still lasts: a re-INVITE, or an UPDATE (RFC 3311). */
export interface SessionRequest {
  readonly method: 'INVITE' | 'UPDATE';
  /** Undefined: an INVITE asks for our offer, an UPDATE changes nothing. */
  readonly sdp: string | undefined;
}

export type SessionAnswer =
  | {
      readonly status: 200;
      readonly sdp: string | undefined;
      /** Told the SDP of the ACK: the answer, where `sdp` was an offer. */
      readonly acked?: (sdp: string | undefined) => void;
    }
  | { readonly status: 488 | 491 | 500; readonly headers?: Headers };

/** What came of a re-INVITE of ours. `gone`: the other side knows no such call (any more). */
export type ReinviteResult =
  | { readonly kind: 'answered'; readonly sdp: string }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'gone' };

/** Why the SIP server has ended a dialog whose session nobody refreshed (RFC 4028 §10). */
export const SESSION_EXPIRED = 'Session timer expired';

/** Call-ID and tags of a dialog, as we see it. */
export interface DialogIds {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
}

/** REFER (RFC 3515) in a dialog; headers as they came. */
export interface ReferRequest {
  readonly referTo: string | undefined;
  readonly referredBy: string | undefined;
  /** Sequence number: what names the subscription, where there are several. */
  readonly cseq: number;
  /** False: no NOTIFYs are wanted (RFC 4488). */
  readonly subscribes: boolean;
}

export interface ReferAnswer {
  readonly status: 202 | 400 | 403 | 404 | 488 | 491 | 603;
  /** Called once the answer is on its way. */
  readonly accepted?: () => void;
}

/** An established dialog. Every method settles within a bound and none throws. */
export interface Dialog {
  readonly remoteSdp: string;
  /** SDP of the ACK: the answer to a late offer. Undefined if it had none or did not come. */
  acked(): Promise<string | undefined>;
  bye(headers?: Headers): Promise<void>;
  /** Called once, also where the BYE came before the listener. */
  onBye(listener: (reason: string) => void): void;
  /** Who answers when the other side wants to change the session; until then it hears 491. */
  onSessionRequest(answer: (request: SessionRequest) => Promise<SessionAnswer>): void;
  /** Offers the other side another session. Glare is waited out, so it may take some 15 s. */
  reinvite(sdp: string): Promise<ReinviteResult>;
  readonly ids: DialogIds;
  /** Where the other side is reached. */
  readonly remoteUri: string;
  /** Who answers a REFER; until then it hears 491. */
  onRefer(answer: (request: ReferRequest) => ReferAnswer): void;
  /** Asks the other side to call somebody; status of its answer. */
  refer(headers: Headers): Promise<number | undefined>;
  /** Told the body of each NOTIFY about a REFER of ours, and its Subscription-State. */
  onNotify(listener: (sipfrag: string, state: string) => void): void;
  /** Status with which the other side answered; undefined where it did not. */
  notify(headers: Headers, sipfrag: string): Promise<number | undefined>;
  /** INFO (RFC 6086) is answered with the status that this gives. */
  onInfo(answer: (contentType: string, body: string) => number): void;
  /** What an agent over a WebSocket asks of its call; no SIP side does. */
  onAsk?(listener: (event: AgentSessionEvent) => void): void;
  /** Tells it what of that was not done. */
  refuse?(refusal: { readonly code: string; readonly message: string }): void;
  /** It is lost without having hung up: `target` by its id. Called once, also where that came before the listener. */
  onLost?(listener: (target: string, why: string) => void): void;
  /** Status with which the other side answered; undefined where it did not. */
  info(contentType: string, body: string): Promise<number | undefined>;
}

export interface DialRequest {
  readonly uri: string;
  /** Where the INVITE is sent instead of where its URI leads: one server of the name in it, as a URI with an address. */
  readonly nextHop?: string;
  /** Undefined asks the target for an offer. */
  readonly sdp: string | undefined;
  readonly from: Party;
  readonly headers: Headers;
  /** With what a challenge of the target is answered; absent: with nothing, and the call fails with its 401 or 407. */
  readonly credentials?: CredentialSource | undefined;
  /** 18x, with the body where it is an SDP. */
  readonly onProvisional: (status: number, sdp: string | undefined) => void;
}

export type DialResult =
  | { readonly kind: 'answered'; readonly sdp: string; readonly accept: (sdp?: string) => Promise<Dialog> }
  | {
      readonly kind: 'failed';
      readonly status: number;
      readonly detail: string;
      /** Nothing was heard: `status` stands for that, and is not the target's. */
      readonly unheard?: 'silence' | 'transport';
      /** s, where the target asked for so long a pause (RFC 3261 §20.33). */
      readonly retryAfterSeconds?: number;
    };

/** A request outside a dialog that begins none: OPTIONS, REGISTER. */
export interface OutOfDialogRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers?: Headers;
  /** For the request with all its repetitions. */
  readonly timeoutMs: number;
  /** As in a {@link DialRequest}. */
  readonly nextHop?: string | undefined;
  readonly credentials?: CredentialSource | undefined;
}

/** Its final response, after the challenges that could be answered. */
export interface OutOfDialogResponse {
  readonly status: number;
  /** Nothing was heard: `status` stands for that, and is not the other side's. */
  readonly unheard: boolean;
  /** Why a challenge was not answered, or nobody was reached; else the status in words. */
  readonly detail: string;
  header(name: string): string | undefined;
  /** A header of the request, as the SIP server sent it. */
  sent(name: string): string | undefined;
}

/** One INVITE on its way to one target. */
export interface OutgoingCall {
  /** Never rejects. After `cancel` it is a failure with 487, also where a 200 crossed: that one is ACKed and BYEd. */
  readonly result: Promise<DialResult>;
  cancel(): void;
}

/** The SIP server. One connection; when it goes, everything in flight fails. */
export interface SipLink extends AsyncDisposable {
  readonly contacts: readonly string[];
  connected(): boolean;
  /** How many there are: two of each call that is up. */
  dialogs(): number;
  dial(request: DialRequest): OutgoingCall;
  /** Undefined where no final response came in time. Never rejects. */
  request(request: OutOfDialogRequest): Promise<OutOfDialogResponse | undefined>;
}

/** What is known of a request before anything is made of it. */
export interface StrangerRequest {
  readonly method: string;
  /** Where it came from. */
  readonly address: string;
  readonly userAgent: string | undefined;
  /** What an edge shows that hands a call over. */
  readonly pass: string | undefined;
}

/** `discard`: no answer of ours. `forbid`: 403 that says nothing more. */
export type Screening = 'pass' | 'discard' | 'forbid';

/** What the edge does with what comes in. */
export interface SipHandlers {
  /** Asked first, for every request outside a dialog. Never throws. */
  screen(request: StrangerRequest): Screening;
  onInvite(invite: IncomingInvite): void;
  onRegister(request: IncomingRegister): void;
  /** An INVITE that cannot become a call was refused with 400. */
  onMalformed(why: string): void;
  /** Status for an OPTIONS outside a dialog. */
  onOptions(): { readonly status: 200 | 503; readonly headers: Headers };
  onLinkDown(): void;
}
