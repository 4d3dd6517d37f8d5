import { randomBytes } from 'node:crypto';
import { parseUri, uriParam } from '../../../core/sip-uri.ts';
import { beginsDialogs, type Dialog } from '../dialog/dialog.ts';
import { cutList, parseNameAddr, untagged } from '../message/name-addr.ts';
import { type HeaderLine, SipMessage } from '../message/sip-message.ts';
import { magicCookie } from '../message/via.ts';
import type { Listener } from '../transport/flow.ts';

export const newTag = (): string => randomBytes(6).toString('base64url');
export const newBranch = (): string => magicCookie + randomBytes(9).toString('base64url');

export const viaOf = (listener: Listener, branch: string): string =>
  `SIP/2.0/${listener.protocol.toUpperCase()} ${listener.host}:${listener.port};rport;branch=${branch}`;

/** The same request as a new transaction: for the next place of a name (RFC 3263 §4.3). */
export function withNewBranch(request: SipMessage, listener: Listener): SipMessage {
  const again = SipMessage.request(request.method, request.uri);
  again.add('Via', viaOf(listener, newBranch()));
  const own = request.lines.findIndex((line) => line.key === 'via');
  again.lines.push(...request.lines.filter((_line, at) => at !== own));
  again.body = request.body;
  return again;
}

/** `<sip:192.0.2.1:5060>`, over TCP with `;transport=tcp`. */
export const contactOf = (listener: Listener): string =>
  `<sip:${listener.host}:${listener.port}${listener.protocol === 'udp' ? '' : `;transport=${listener.protocol}`}>`;

export function finish(
  message: SipMessage,
  more: readonly HeaderLine[],
  contentType: string | undefined,
  body: string,
): SipMessage {
  for (const line of more) if (line.key !== 'content-type') message.lines.push(line);
  if (body !== '' && contentType !== undefined) message.add('Content-Type', contentType);
  message.add('Content-Length', String(body.length));
  message.body = body;
  return message;
}

/** What a response repeats of its request (RFC 3261 §8.2.6.2, §12.1.1), before its own headers. */
export function startResponse(
  request: SipMessage,
  status: number,
  reason: string,
  toTag: string,
): SipMessage {
  const response = SipMessage.response(status, reason);
  for (const line of request.lines) if (line.key === 'via') response.lines.push(line);
  const formsDialog = status > 100 && status < 300 && beginsDialogs(request.method);
  if (formsDialog)
    for (const line of request.lines) if (line.key === 'record-route') response.lines.push(line);
  response.add('From', request.first('from') ?? '');
  const to = request.first('to') ?? '';
  response.add('To', status === 100 || request.toTag !== '' ? to : `${untagged(to)};tag=${toTag}`);
  response.add('Call-ID', request.callId);
  response.add('CSeq', request.first('cseq') ?? '');
  const timestamp = status === 100 ? request.first('timestamp') : undefined; // §8.2.6.1
  return timestamp === undefined ? response : response.add('Timestamp', timestamp);
}

/** A response the server gives by itself. */
export const plainResponse = (
  request: SipMessage,
  status: number,
  reason: string,
  toTag = newTag(),
): string => finish(startResponse(request, status, reason, toTag), [], undefined, '').print();

/** A request inside a dialog up to its own headers (RFC 3261 §12.2.1.1). */
export function startDialogRequest(
  dialog: Dialog,
  method: string,
  seq: number,
  branch: string,
  uri = dialog.target,
): SipMessage {
  const strict = dialog.routes[0] !== undefined && !isLoose(dialog.routes[0]);
  const routes = strict ? [...dialog.routes.slice(1), `<${uri}>`] : dialog.routes;
  const request = SipMessage.request(method, strict ? uriOf(dialog.routes[0] ?? '') : uri);
  request.add('Via', viaOf(dialog.listener, branch));
  for (const route of routes) request.add('Route', route);
  request.add('Max-Forwards', '70');
  request.add('From', `${dialog.local};tag=${dialog.localTag}`);
  request.add('To', dialog.remoteTag === '' ? dialog.remote : `${dialog.remote};tag=${dialog.remoteTag}`);
  request.add('Call-ID', dialog.callId);
  return request.add('CSeq', `${seq} ${method}`);
}

const isLoose = (route: string): boolean => {
  const uri = parseUri(uriOf(route));
  return uri !== undefined && uriParam(uri, 'lr') !== undefined;
};

const uriOf = (nameAddr: string): string => parseNameAddr(nameAddr)?.uri ?? '';

/** The URI a request goes to first: its top Route, or what it is for (§8.1.2). */
export function nextHopUri(request: SipMessage): string {
  const route = request.first('route');
  return route === undefined ? request.uri : uriOf(cutList(route)[0] ?? '');
}

/** The ACK for a 3xx-6xx: the INVITE's own transaction (§17.1.1.3). */
export const ackForFailure = (invite: SipMessage, response: SipMessage): string =>
  sameTransaction(invite, 'ACK', response.first('to') ?? '')
    .add('Content-Length', '0')
    .print();

/** CANCEL and the ACK for a failure name the transaction they are about by its top Via (§9.1, §17.1.1.3). */
export function sameTransaction(invite: SipMessage, method: string, to: string): SipMessage {
  const request = SipMessage.request(method, invite.uri);
  request.add('Via', invite.first('via') ?? '');
  for (const line of invite.lines) if (line.key === 'route') request.lines.push(line);
  request.add('Max-Forwards', '70');
  request.add('From', invite.first('from') ?? '');
  request.add('To', to);
  request.add('Call-ID', invite.callId);
  return request.add('CSeq', `${invite.cseq?.number ?? 0} ${method}`);
}
