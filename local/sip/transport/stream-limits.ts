/** What one peer may cost us on TCP, TLS and WebSockets. */
export interface StreamLimits {
  /** ms a begun message may take to arrive whole */
  readonly message: number;
  /** ms until a connection is ready for SIP: its TCP, TLS and WebSocket handshakes together */
  readonly handshake: number;
  /** ms a connection may be silent; a WebSocket is asked whether it lives, others are closed */
  readonly idle: number;
  /** connections others have opened, at once, over all contacts */
  readonly connections: number;
  /** of these, from one address */
  readonly perAddress: number;
}

/** `message`: where it is not given. */
export const streamLimits = (given: Partial<StreamLimits>, message: number): StreamLimits => ({
  message,
  handshake: 10_000,
  idle: 30 * 60_000,
  connections: 4_096,
  perAddress: 1_024,
  ...given,
});

/** Bytes of one message on a stream or WebSocket, headers and body. */
export const largestMessage = 65_536;

/** Bytes a peer may leave unread before it is given up. */
export const mostUnread = 4 * 1024 * 1024;
