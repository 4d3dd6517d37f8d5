import type { Dialog } from '../dialog/dialog.ts';
import { type SessionExpires, shortestSession } from '../dialog/session-expires.ts';
import type { SipMessage } from '../message/sip-message.ts';
import type { IncomingResponse } from '../transaction/incoming-response.ts';
import { InviteClient } from '../transaction/invite-client.ts';
import { clientKey } from '../transaction/keys.ts';
import type { Hop } from '../transport/flow.ts';
import { ackForFailure, finish, newBranch, startDialogRequest } from './compose.ts';
import type { Engine } from './engine.ts';
import { acknowledgeUnasked } from './send-ack.ts';
import { dialogHops } from './send-in-dialog.ts';

export interface RefreshUser {
  refreshed(response: SipMessage): void;
  /** the two sides' requests crossed */
  later(session: SessionExpires): void;
  failed(): void;
}

/** Say the session again in a re-INVITE of our own; the application hears of it only when it fails (RFC 4028 §10). */
export function refreshSession(engine: Engine, dialog: Dialog, user: RefreshUser): void {
  const { session } = dialog;
  if (!session) return;
  if (!dialog.owner.open) {
    user.failed(); // nobody is left to talk to the peer
    return;
  }
  const expires: SessionExpires = { seconds: session.seconds, refresher: 'uac' };
  if (dialog.inviteOut !== undefined || dialog.inviteIn !== undefined) {
    user.later(expires); // §14.1 of RFC 3261: one INVITE at a time
    return;
  }
  const request = compose(dialog, expires, session.sdp);
  dialog.inviteOut = request.cseq?.number;
  dialogHops(engine, dialog, request, (hops) => {
    if (hops) launch(engine, dialog, request, hops[0], expires, user);
    else user.failed();
  });
}

function compose(dialog: Dialog, { seconds }: SessionExpires, sdp: string): SipMessage {
  const request = startDialogRequest(dialog, 'INVITE', ++dialog.localSeq, newBranch());
  request.add('Contact', dialog.contact).add('Supported', 'timer');
  request.add('Session-Expires', `${seconds};refresher=uac`).add('Min-SE', String(shortestSession));
  return finish(request, [], 'application/sdp', sdp);
}

function launch(
  engine: Engine,
  dialog: Dialog,
  request: SipMessage,
  hop: Hop,
  expires: SessionExpires,
  user: RefreshUser,
): void {
  const key = clientKey(request.via?.branch ?? '', 'INVITE');
  const over = (then: () => void) => {
    dialog.inviteOut = undefined;
    if (engine.dialogs.has(dialog)) then();
  };
  let acknowledge = () => {};
  const final = ({ status, message }: IncomingResponse) => {
    if (status < 300) {
      dialog.retarget(message);
      acknowledge = () => acknowledgeUnasked(engine, dialog, request.cseq?.number ?? 0);
      acknowledge();
      user.refreshed(message);
    } else if (status === 491) user.later(expires);
    else user.failed();
  };
  const outlet = engine.transports.requestOutlet(hop, dialog.listener, () => client.transportError());
  const client: InviteClient = new InviteClient(request.print(), outlet, engine.timers, {
    response: (response) => {
      if (response.status >= 200) over(() => final(response));
    },
    furtherSuccess: () => acknowledge(),
    failed: () => over(() => user.failed()),
    ackFor: ({ message }) => ackForFailure(request, message),
    ended: () => engine.clients.delete(key),
  });
  engine.clients.set(key, client);
  client.start();
}
