import { expect } from 'vitest';
import type { ServerUnderTest } from './server-under-test.ts';
import { fresh, type Heard, type SipPeer, sdp } from './sip-peer.ts';
import type { SrfApp, SrfDialog } from './srf-app.ts';

export const target = (peer: SipPeer): string => `sip:bob@127.0.0.1:${peer.port}`;

/** A call of the app that is answered and acknowledged. */
export async function placed(srf: SrfApp, callee: SipPeer, options: object = {}) {
  const calling = srf.createUAC(target(callee), { localSdp: sdp(), ...options });
  const invite = await callee.next(/^INVITE/);
  callee.reply(invite, '200 OK', { body: sdp() });
  const dialog = await calling;
  await callee.next(/^ACK/);
  return { dialog, invite };
}

/** A call to the app, with what the app made of it. */
export async function answered(
  server: ServerUnderTest,
  caller: SipPeer,
  dialogs: SrfDialog[],
  headers: string[] = [],
) {
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', server.sipPort, { callId, headers, body: sdp() }));
  const ok = await caller.next(/ 200 /);
  const to = ok.header('to');
  caller.send(caller.request('ACK', server.sipPort, { callId, to }));
  await expect.poll(() => dialogs.length).toBe(1);
  const [dialog] = dialogs;
  if (!dialog) throw new Error('no dialog');
  return { callId, to, ok, dialog };
}

export const answering =
  (dialogs: SrfDialog[]) =>
  (srf: SrfApp): void =>
    srf.invite(async (request, response) => {
      dialogs.push(await srf.createUAS(request, response, { localSdp: sdp() }));
    });

export const isFinal = (cseq: string, status: number) => (message: Heard) =>
  message.header('cseq') === cseq && message.startLine.startsWith(`SIP/2.0 ${status} `);
