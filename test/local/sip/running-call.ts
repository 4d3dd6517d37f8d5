import { expect } from 'vitest';
import type { ServerUnderTest } from './server-under-test.ts';
import { fresh, type Heard, type SipPeer, sdp } from './sip-peer.ts';
import type { ConnectedApp, SrfDialog } from './srf-app.ts';

interface RunningCall {
  readonly dialog: SrfDialog;
  readonly ok: Heard;
  readonly callId: string;
}

/** The caller's side of a call that the app answered and the caller acknowledged. */
export async function answeredCall(
  server: ServerUnderTest,
  caller: SipPeer,
  dialogs: SrfDialog[],
): Promise<RunningCall> {
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', server.sipPort, { callId, body: sdp() }));
  const ok = await caller.next(/ 200 /);
  await expect.poll(() => dialogs.length).toBe(1);
  const dialog = dialogs[0];
  if (!dialog) throw new Error('the app has no dialog');
  const acknowledged = new Promise((found) => dialog.once('ack', found));
  caller.send(caller.request('ACK', server.sipPort, { callId, to: ok.header('to') }));
  await acknowledged;
  return { dialog, ok, callId };
}

export const answering =
  (dialogs: SrfDialog[], prepare: (dialog: SrfDialog) => void = () => {}) =>
  (srf: ConnectedApp['srf']): void =>
    srf.invite(async (request, response) => {
      const dialog = await srf.createUAS(request, response, { localSdp: sdp(5000) });
      prepare(dialog);
      dialogs.push(dialog);
    });
