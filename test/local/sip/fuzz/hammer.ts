import { connect } from 'node:net';
import fc from 'fast-check';
import { embedded } from '../server-under-test.ts';
import { SipPeer } from '../sip-peer.ts';
import { connectApp } from '../srf-app.ts';
import { spoiledMessage, validMessage } from './cases.ts';

/** Every so many messages an ordinary request has to be answered. */
const BATCH = 50;

/** Throw cases at a running server, UDP and now and then TCP; an ordinary request is answered after each batch. */
export async function hammer({ cases, seed }: { cases: number; seed: number }): Promise<void> {
  await using server = await embedded({ t1: 20, t2: 80, t4: 50, t1x64: 400 });
  await using _app = await connectApp(server, (srf) => {
    srf.invite((_request, response) => response.send(486));
    srf.options((_request, response) => response.send(200));
  });
  await using hostile = await SipPeer.udp(server.sipPort);
  await using caller = await SipPeer.udp(server.sipPort);
  const texts = fc.sample(fc.oneof(spoiledMessage, validMessage), { numRuns: cases, seed });
  for (const [at, text] of texts.entries()) {
    const bytes = Buffer.from(text, 'latin1');
    hostile.send(bytes.subarray(0, 60_000));
    if (at % 10 === 0)
      connect(server.sipPort, '127.0.0.1')
        .on('error', () => {})
        .resume()
        .end(bytes);
    if (at % BATCH !== BATCH - 1 && at !== texts.length - 1) continue;
    caller.send(caller.request('OPTIONS', server.sipPort));
    await caller.next(/ 200 /);
  }
}
