import type { Arrival, Listener, Protocol } from '../transport/flow.ts';

/*
 * The tokens of the frames drachtio-srf reads; it takes them by position (drachtio-srf lib/drachtio-agent.js `_onMsg`).
 */

/** UTC, to the microsecond as drachtio-server prints it. */
export const time = (): string => `${new Date().toISOString().slice(11, 23)}000`;

/** An application hears of the stream below a WebSocket, not of the WebSocket; which it is, the Via says. */
const told = (protocol: Protocol): string => (protocol === 'ws' || protocol === 'wss' ? 'tcp' : protocol);

/** A message from the network. `receivedOn` is given for a request outside of any dialog. */
export function fromNetwork(
  text: string,
  arrival: Arrival,
  transactionId: string,
  dialogId: string,
  withListener: boolean,
): string {
  const { listener, host, port, size } = arrival;
  const on = withListener ? `${listener.host}|${listener.port}|` : '';
  return `sip|network|${size}|${told(listener.protocol)}|${host}|${port}|${time()}|${transactionId}|${dialogId}|${on}\r\n${text}`;
}

/** A response the server made up because none came. */
export const madeUp = (text: string, protocol: Protocol, transactionId: string, dialogId: string): string =>
  `sip|network|0|${told(protocol)}||0|${time()}|${transactionId}|${dialogId}|\r\n${text}`;

/** A request the server sent of its own accord; the application learns that its dialog is gone. */
export const unsolicited = (text: string, listener: Listener, dialogId: string): string =>
  `sip|application|${text.length}|${told(listener.protocol)}|${listener.host}|${listener.port}|${time()}|unsolicited|${dialogId}|\r\n${text}`;

export const requestSent = (id: string, text: string, listener: Listener, transactionId: string): string =>
  `response|${id}|OK|application|${text.length}|${told(listener.protocol)}|${listener.host}|${listener.port}|${time()}|${transactionId}|Msg sent:|\r\n${text}`;

export const responseSent = (
  id: string,
  text: string,
  arrival: Arrival,
  transactionId: string,
  dialogId: string,
): string =>
  `response|${id}|OK|application|${text.length}|${told(arrival.listener.protocol)}|${arrival.host}|${arrival.port}|${time()}|${transactionId}|${dialogId}||Msg sent:|\r\n${text}`;

/** A final response to a request passed on for the application; `continue` says that there is more to come. */
export const proxyHeard = (id: string, text: string, { listener, host, port, size }: Arrival): string =>
  `response|${id}|OK|network|${size}|${told(listener.protocol)}|${host}|${port}|${time()}|||continue\r\n${text}`;

export const done = (id: string, ...more: string[]): string => ['response', id, 'OK', ...more].join('|');

/** The request was understood and cannot be done. */
export const notDone = (id: string, why: string): string => `response|${id}|NOK|${why.replaceAll('|', '/')}`;

/** The request was not understood, or not allowed: the connection ends after it. */
export const refused = (id: string, why: string): string => `response|${id}|NO|${why}`;
