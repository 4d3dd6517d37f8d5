import type { EventEmitter } from 'node:events';
import Srf from 'drachtio-srf';

/** The parts of drachtio-srf that we use, typed as they behave; its own types differ from its code in many places. */

export interface ParsedAddress {
  name?: string;
  uri?: string;
  params?: Record<string, string | null | undefined>;
}

interface SrfMessage {
  readonly method?: string;
  readonly uri: string;
  readonly body: string | undefined;
  get(name: string): string | undefined;
  has(name: string): boolean;
  getParsedHeader(name: 'from' | 'to'): ParsedAddress;
}

export interface SrfRequest extends SrfMessage, Pick<EventEmitter, 'on' | 'once'> {
  readonly headers: Readonly<Record<string, string>>;
  readonly source_address: string;
  readonly source_port: number;
  readonly protocol: string;
  readonly socket: object;
  /** What drachtio-srf keeps for each connection to a SIP server. */
  readonly agent?: {
    readonly mapServer: ReadonlyMap<
      object,
      { readonly pendingNetworkInvites: Map<string, { readonly req: SrfRequest }> }
    >;
  };
  cancel(done: (error: unknown) => void): void;
}

interface SendOptions {
  headers?: Record<string, string>;
  body?: string;
}

export interface SrfResponse extends SrfMessage {
  readonly status: number;
  readonly reason: string;
  readonly finalResponseSent: boolean;
  /** Empty for a response that the SIP server made up, because none came or the transport is broken. */
  readonly source_address: string;
  readonly source_port: number;
  readonly protocol: string;
  /** What it is the response to, as it was sent. */
  readonly req: SrfRequest;
  send(status: number, options?: SendOptions, sent?: (error: unknown) => void, pracked?: () => void): void;
}

export interface SrfDialog extends Pick<EventEmitter, 'on' | 'once'> {
  readonly type: 'uac' | 'uas';
  readonly id: string;
  readonly socket: object;
  readonly agent: {
    request(
      options: {
        readonly method: string;
        readonly stackDialogId: string;
        readonly _socket: object;
        readonly headers: Record<string, string>;
        readonly body: string;
      },
      sent: (error: unknown, request?: SrfRequest) => void,
    ): void;
  };
  readonly sip: { readonly callId: string; readonly localTag: string; readonly remoteTag: string };
  readonly local: { sdp: string; contact: string };
  readonly remote: { sdp: string; uri: string };
  destroy(options: { headers: Record<string, string> }): Promise<unknown>;
  request(options: { method: string; headers?: Record<string, string>; body?: string }): Promise<SrfResponse>;
}

/** What createUAC gives for an INVITE without SDP: the offer of the target, to be answered in the ACK. */
export interface LateOffer {
  readonly sdp: string;
  ack(sdp: string): Promise<SrfDialog>;
  destroy(): Promise<void>;
}

export type SrfHandler = (request: SrfRequest, response: SrfResponse) => void;

export interface SrfApp extends Pick<EventEmitter, 'on' | 'once' | 'off'> {
  /** Dialogs that it keeps, by their id. */
  readonly _dialogs: ReadonlyMap<string, unknown>;
  connect(options: Record<string, unknown>): void;
  disconnect(): void;
  invite(handler: SrfHandler): void;
  options(handler: SrfHandler): void;
  register(handler: SrfHandler): void;
  subscribe(handler: SrfHandler): void;
  message(handler: SrfHandler): void;
  publish(handler: SrfHandler): void;
  notify(handler: SrfHandler): void;
  refer(handler: SrfHandler): void;
  request(
    uri: string,
    options: { method: string; headers?: Record<string, string>; proxy?: string },
    sent: (error: unknown, request?: SrfRequest) => void,
  ): void;
  createUAS(
    request: SrfRequest,
    response: SrfResponse,
    options: { localSdp: string; headers?: Record<string, string> },
    done: (error: unknown, dialog?: SrfDialog) => void,
  ): void;
  createUAC(
    uri: string,
    options: Record<string, unknown>,
    progress: {
      cbRequest: (error: unknown, request?: SrfRequest) => void;
      cbProvisional: (response: SrfResponse) => void;
    },
    done: (error: unknown, result?: SrfDialog | LateOffer) => void,
  ): void;
}

export const createSrf = (): SrfApp => new Srf() as unknown as SrfApp;

/** User part and host of a SIP or tel URI; undefined where it does not parse. */
export function parseUri(uri: string): { user: string; host: string } | undefined {
  const parsed = Srf.parseUri(uri);
  return parsed && { user: parsed.user ?? '', host: parsed.host ?? '' };
}
