export type Protocol = 'udp' | 'tcp';

/** A stream that outlives the message it was opened for. */
export interface Connection {
  readonly open: boolean;
}

/** Where one of our sockets listens, as others reach it. */
export interface Listener {
  readonly protocol: Protocol;
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
