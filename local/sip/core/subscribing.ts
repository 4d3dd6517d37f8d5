import type { AppConnection } from '../app/app-connection.ts';
import type { Dialog } from '../dialog/dialog.ts';
import { dialogWeBegan } from '../dialog/dialog-we-began.ts';
import type { SipMessage } from '../message/sip-message.ts';
import type { IncomingResponse } from '../transaction/incoming-response.ts';
import type { Arrival, Listener } from '../transport/flow.ts';
import type { Engine } from './engine.ts';
import { learnPeer } from './peer-address.ts';
import { armSubscription } from './subscription-timer.ts';

/** A SUBSCRIBE or REFER of an application that has no final response. */
export interface Subscribing {
  readonly request: SipMessage;
  readonly listener: Listener;
  readonly owner: AppConnection;
}

const key = (callId: string, ourTag: string): string => `${callId}\n${ourTag}`;
const keyOf = ({ request }: Subscribing): string => key(request.callId, request.fromTag);

export const subscribe = (engine: Engine, subscribing: Subscribing): void =>
  void engine.subscribing.set(keyOf(subscribing), subscribing);

export const unsubscribe = (engine: Engine, subscribing: Subscribing): void =>
  void engine.subscribing.delete(keyOf(subscribing));

/** A 2xx begins a dialog (RFC 6665 §4.1), unless a NOTIFY already has. */
export function accepted(
  engine: Engine,
  subscribing: Subscribing,
  { message, arrival }: IncomingResponse,
): void {
  const { callId, fromTag } = subscribing.request;
  const dialog =
    engine.dialogs.byTags(callId, fromTag, message.toTag) ??
    begin(engine, subscribing, message, arrival, message.toTag, message.all('record-route').reverse());
  armSubscription(engine, dialog, subscribing.request, message);
}

/** A NOTIFY may overtake the answer to its SUBSCRIBE, and begins the dialog then (§4.4.1). */
export function begunByNotify(engine: Engine, notify: SipMessage, arrival: Arrival): Dialog | undefined {
  const subscribing = engine.subscribing.get(key(notify.callId, notify.toTag));
  if (!subscribing || notify.method !== 'NOTIFY') return undefined;
  return begin(engine, subscribing, notify, arrival, notify.fromTag, notify.all('record-route'));
}

function begin(
  engine: Engine,
  subscribing: Subscribing,
  message: SipMessage,
  arrival: Arrival,
  remoteTag: string,
  routes: readonly string[],
): Dialog {
  const dialog = dialogWeBegan(subscribing, 'SUBSCRIBE', remoteTag);
  dialog.routeBy(routes);
  learnPeer(dialog, message, arrival);
  engine.dialogs.confirm(dialog);
  return dialog;
}
