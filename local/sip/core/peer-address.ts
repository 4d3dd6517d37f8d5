import { isIP } from 'node:net';
import { parseUri } from '../../../core/sip-uri.ts';
import type { Dialog } from '../dialog/dialog.ts';
import type { SipMessage } from '../message/sip-message.ts';
import type { Arrival } from '../transport/flow.ts';

/** Learn from the message that forms a dialog where its peer is (RFC 3261 §12.1). */
export function learnPeer(dialog: Dialog, message: SipMessage, arrival: Arrival): void {
  dialog.retarget(message);
  dialog.connection = arrival.connection;
  if (dialog.routes.length > 0 || arrival.listener.protocol !== 'udp') return;
  const contact = parseUri(dialog.target);
  // drachtio-server answers to where the peer was seen when its Contact says otherwise: the address is behind a NAT
  const otherHost = contact !== undefined && isIP(contact.host) !== 0 && contact.host !== arrival.host;
  dialog.seenAt = otherHost ? { host: arrival.host, port: arrival.port } : undefined;
}
