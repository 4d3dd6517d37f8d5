import { type AppMessage, headerOf } from '../app/app-message.ts';
import { type Dialog, owned } from '../dialog/dialog.ts';
import { type SessionExpires, sessionExpires, shortestSession } from '../dialog/session-expires.ts';
import type { SipMessage } from '../message/sip-message.ts';
import { finish, newTag, startResponse } from './compose.ts';
import type { Engine } from './engine.ts';
import type { ReceivedRequest } from './received-request.ts';
import { refreshSession } from './refresh-session.ts';
import { endUnasked, sessionExpired } from './unacknowledged.ts';

/**
 * What our 2xx to an INVITE or UPDATE says of the session, unless the application has said it. As drachtio-server: an
 * offer that leaves open who refreshes is declined, unless a timer runs already.
 */
export function sessionAnswer(
  request: ReceivedRequest,
  response: AppMessage,
): readonly (readonly [string, string])[] {
  const { message, dialog } = request;
  const offered = sessionExpires(message.first('session-expires'));
  const current = dialog?.session && (dialog.session.weRefresh ? 'uas' : 'uac');
  const refresher = offered && (offered.refresher ?? current);
  if (!refresher || headerOf(response, 'session-expires') !== undefined) return [];
  const seconds = Math.max(shortestSession, offered.seconds);
  const expires = ['Session-Expires', `${seconds};refresher=${refresher}`] as const;
  // RFC 4028 §9: a caller that is to refresh has to know how
  const required = refresher === 'uac' && message.lists('supported', 'timer');
  return required ? [expires, ['Require', 'timer']] : [expires];
}

/** Our 2xx to an INVITE or UPDATE has gone out. */
export function answeredSession(engine: Engine, dialog: Dialog, response: SipMessage): void {
  const agreed = sessionExpires(response.first('session-expires'));
  const seconds = Math.max(shortestSession, agreed?.seconds ?? 0);
  if (agreed) armSession(engine, dialog, seconds, agreed.refresher === 'uas', response.body);
  else stopSession(dialog);
}

/** The peer has accepted an INVITE or UPDATE of ours; without a Session-Expires the session lasts (§7.2). */
export function acceptedSession(engine: Engine, dialog: Dialog, response: SipMessage, sdp: string): void {
  const agreed = sessionExpires(response.first('session-expires'));
  if (agreed) armSession(engine, dialog, agreed.seconds, agreed.refresher !== 'uas', sdp);
  else stopSession(dialog);
}

/** Run the timer from now on. `sdp` is what a refresh says again; '' leaves what was said before. */
function armSession(engine: Engine, dialog: Dialog, seconds: number, weRefresh: boolean, sdp: string): void {
  const known = sdp === '' ? (dialog.session?.sdp ?? '') : owned(sdp);
  stopSession(dialog);
  if (!engine.dialogs.has(dialog)) return; // it ended meanwhile
  // §10: half the time to refresh, and to hang up before it is over for the peer
  const wait = weRefresh ? seconds / 2 : seconds - Math.min(32, seconds / 3);
  const timer = setTimeout(() => {
    if (weRefresh) refreshSession(engine, dialog, sessionUser(engine, dialog));
    else endUnasked(engine, dialog, sessionExpired);
  }, wait * 1_000).unref();
  dialog.session = { seconds, weRefresh, sdp: known, stop: () => clearTimeout(timer) };
}

function stopSession(dialog: Dialog): void {
  dialog.session?.stop();
  dialog.session = undefined;
}

const sessionUser = (engine: Engine, dialog: Dialog) => ({
  refreshed: (response: SipMessage) => acceptedSession(engine, dialog, response, ''),
  /** the peer changes the session just now, which refreshes it as well */
  later: ({ seconds }: SessionExpires) => armSession(engine, dialog, seconds, true, ''),
  failed: () => endUnasked(engine, dialog, sessionExpired),
});

/** §6: the answer to a session that is too short names the shortest. */
export const sessionTooShort = (request: SipMessage): string =>
  finish(
    startResponse(request, 422, 'Session Interval Too Small', newTag()).add(
      'Min-SE',
      String(shortestSession),
    ),
    [],
    undefined,
    '',
  ).print();
