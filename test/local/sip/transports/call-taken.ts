import { expect } from 'vitest';
import { fresh, type PeerProtocol, sdp } from '../sip-peer.ts';
import type { SrfApp, SrfDialog, SrfMessage } from '../srf-app.ts';
import { peerOver } from './stream-peer.ts';

/** An application that takes every call; `dialogs` by Call-ID. */
export function takeCalls(
  srf: SrfApp,
  calls: Map<string, Promise<SrfDialog>>,
  seen: SrfMessage[] = [],
): void {
  srf.invite((request, response) => {
    seen.push(request);
    calls.set(request.get('Call-ID'), srf.createUAS(request, response, { localSdp: sdp(5000) }));
  });
}

/** A peer calls, is answered, and is hung up on over the way it came. */
export async function callThrough(
  protocol: PeerProtocol,
  server: { portOf(transport: string): number; sipPort: number },
  calls: Map<string, Promise<SrfDialog>>,
  host = '127.0.0.1',
): Promise<void> {
  const port = server.portOf(protocol.toLowerCase());
  await using caller = await peerOver(protocol, server, host);
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', port, { callId, body: sdp() }));
  const ok = await caller.next(/ 200 /);
  caller.send(caller.request('ACK', port, { callId, cseq: 1, to: ok.header('to') }));
  const over = (await calls.get(callId))?.destroy();
  const bye = await caller.next(/^BYE /);
  expect(bye.header('via')).toMatch(new RegExp(`^SIP/2.0/${protocol} `));
  caller.reply(bye, '200 OK');
  await over;
}
