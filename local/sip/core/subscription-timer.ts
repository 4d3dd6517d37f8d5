import { type Dialog, subscribes } from '../dialog/dialog.ts';
import type { SipMessage } from '../message/sip-message.ts';
import type { Engine } from './engine.ts';

/** In seconds, when nobody says: RFC 6665 §4.2.1.1 has the 2xx say it. */
const usual = 3_600;

/** A subscription nobody refreshes is over when its time is (RFC 6665 §4.1.2.3); its last NOTIFY may still be under way. */
export function armSubscription(
  engine: Engine,
  dialog: Dialog,
  request: SipMessage,
  response: SipMessage,
): void {
  if (dialog.kind !== 'SUBSCRIBE' || !subscribes(request.method)) return;
  dialog.subscription?.stop();
  if (!engine.dialogs.has(dialog)) return; // it ended meanwhile
  const seconds = expires(response) ?? expires(request) ?? usual;
  const over = () => engine.dialogs.remove(dialog);
  const timer = setTimeout(over, seconds * 1_000 + engine.timers.t1x64).unref();
  dialog.subscription = { stop: () => clearTimeout(timer) };
}

/** At most a week: a timer cannot run for longer than 24 days. */
const longest = 604_800;

function expires(message: SipMessage): number | undefined {
  const seconds = /^\d+/.exec(message.first('expires') ?? '')?.[0];
  return seconds === undefined ? undefined : Math.min(Number(seconds), longest);
}
