export type Protocol = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

/** A stream that outlives the message it was opened for. */
export interface Connection {
  readonly open: boolean;
  /** the contact it came in at, or was opened for */
  readonly listener?: Listener;
}

/** Where one of our sockets listens, as others reach it. */
export interface Listener {
  readonly protocol: Protocol;
  /** an IPv6 address stands in brackets */
  readonly host: string;
  readonly port: number;
}

/** Where a message is to be sent. */
export interface Hop {
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
  /** kept open by an earlier message of the same dialog; used instead of a new one while it lives */
  readonly connection?: Connection | undefined;
  /** the name that led here: a certificate has to be valid for it (RFC 5922 §7.1); the address where there is none */
  readonly name?: string | undefined;
}

/** How a message came in. */
export interface Arrival {
  readonly listener: Listener;
  readonly host: string;
  readonly port: number;
  readonly connection?: Connection | undefined;
  /** bytes on the wire */
  readonly size: number;
}

/** A way to one peer, held by one transaction. `failed` is called at most once, never from inside `send`. */
export interface Outlet {
  readonly reliable: boolean;
  readonly connection?: Connection | undefined;
  send(text: string): void;
  /** after this nothing is reported any more */
  release(): void;
}

export type Failed = (error: Error) => void;

export type Received = (text: string, arrival: Arrival) => void;
