import { connect } from 'node:net';
import fc from 'fast-check';
import { pino } from 'pino';
import { embedded } from '../server-under-test.ts';
import { SipPeer } from '../sip-peer.ts';
import { connectApp } from '../srf-app.ts';
import { appFrames } from './app-frames.ts';
import { spoiledMessage, validMessage } from './messages.ts';
import { webSocketBytes } from './web-socket-frames.ts';

/** Every so many messages an ordinary request has to be answered. */
const BATCH = 50;
/** One in so many cases comes by TCP as well; as many streams of WebSocket frames and of an application's. */
const STREAM = 10;

const contacts = ['sip:127.0.0.1:0;transport=udp,tcp', 'sip:127.0.0.1:0;transport=ws'];

const write = (port: number, text: string) =>
  void connect(port, '127.0.0.1')
    .on('error', () => {})
    .resume()
    .end(Buffer.from(text, 'latin1'));

/** Throw cases at a running server, from the network and from an application; an ordinary request is answered after each batch. */
export async function hammer({ cases, seed }: { cases: number; seed: number }): Promise<void> {
  const timers = { t1: 20, t2: 80, t4: 50, t1x64: 400 };
  const faults: string[] = []; // what the server caught costs one message, and is a fault of ours all the same
  const logger = pino({ level: 'error' }, { write: (line) => void faults.push(line) });
  await using server = await embedded(timers, { contacts, dns: ['127.0.0.1:1'], logger });
  await using _app = await connectApp(server, (srf) => {
    srf.invite((_request, response) => response.send(486));
    srf.options((_request, response) => response.send(200));
  });
  await using hostile = await SipPeer.udp(server.sipPort);
  await using caller = await SipPeer.udp(server.sipPort);
  const some = (of: fc.Arbitrary<string>, numRuns: number) => fc.sample(of, { numRuns, seed });
  const texts = some(fc.oneof(spoiledMessage, validMessage), cases);
  const streams = Math.ceil(cases / STREAM);
  const [webSockets, applications] = [some(webSocketBytes, streams), some(appFrames, streams)];
  const shown = Buffer.from(`x|authenticate|${server.secret}|`, 'utf8').toString('latin1');
  for (const [at, text] of texts.entries()) {
    hostile.send(Buffer.from(text, 'latin1').subarray(0, 60_000));
    if (at % STREAM === 0) {
      write(server.sipPort, text);
      write(server.portOf('ws'), webSockets[at / STREAM] ?? '');
      write(server.admin.port, `${shown.length}#${shown}${applications[at / STREAM] ?? ''}`);
    }
    if (at % BATCH !== BATCH - 1 && at !== texts.length - 1) continue;
    caller.send(caller.request('OPTIONS', server.sipPort));
    await caller.next(/ 200 /);
    if (faults[0] !== undefined) throw new Error(`before case ${at}: ${faults[0]}`);
  }
}
