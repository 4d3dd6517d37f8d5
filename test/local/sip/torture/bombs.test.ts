import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { embedded, type ServerUnderTest } from '../server-under-test.ts';
import { fresh, SipPeer, sdp } from '../sip-peer.ts';
import { connectApp } from '../srf-app.ts';

/* Messages made to be large. Memory stays bounded, and a call in progress goes on. */

async function answering(server: ServerUnderTest) {
  return connectApp(server, (srf) => {
    srf.invite(async (request, response) => {
      const dialog = await srf.createUAS(request, response, { localSdp: sdp(5000) });
      dialog.on('info', (_request, reply) => reply.send(200));
    });
    srf.options((_request, response) => response.send(200));
  });
}

/** A call that stands; what is returned asks in it and waits for the answer. */
async function standingCall(server: ServerUnderTest, caller: SipPeer): Promise<() => Promise<void>> {
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', server.sipPort, { callId, body: sdp() }));
  const ok = await caller.next(/ 200 /);
  const to = ok.header('to');
  caller.send(caller.request('ACK', server.sipPort, { callId, to }));
  let cseq = 1;
  return async () => {
    cseq++;
    caller.send(caller.request('INFO', server.sipPort, { callId, cseq, to }));
    await caller.until(
      (message) => message.header('cseq') === `${cseq} INFO` && / 200 /.test(message.startLine),
    );
  };
}

const inside = (request: string, more: string) =>
  request.replace('Max-Forwards: 70', `Max-Forwards: 70\r\n${more}`);
const via = (at: number) => `Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK${at}`;

const large: readonly [what: string, spoil: (request: string) => string, answer: RegExp][] = [
  [
    'a thousand Via headers',
    (text) => inside(text, Array.from({ length: 1000 }, (_one, at) => via(at)).join('\r\n')),
    / 400 /,
  ],
  [
    'seven thousand Route headers',
    (text) => inside(text, Array.from({ length: 7_000 }, () => 'Route:a').join('\r\n')),
    / 400 /,
  ],
  [
    'seven thousand Vias in one header',
    (text) => text.replace(/(Via: .*)\r\n/, `$1${',a/b/c d'.repeat(7_000)}\r\n`),
    / 400 /,
  ],
  [
    'ten thousand Routes in one header',
    (text) => inside(text, `Route: ${Array.from({ length: 10_000 }, () => '<a>').join(',')}`),
    / 400 /,
  ],
  [
    'a body of 1,200 parts within each other',
    (text) => {
      const open = (at: number) => `--${at}\r\nContent-Type:a/b;boundary=${at + 1}\r\n\r\n`;
      const body = Array.from({ length: 1_200 }, (_one, at) => open(at)).join('');
      return text.replace(
        /Content-Length: 0\r\n\r\n/,
        `Content-Type: multipart/mixed;boundary=0\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    },
    / 200 /,
  ],
  [
    'ten thousand tiny headers',
    (text) => inside(text, Array.from({ length: 10_000 }, () => 'X:').join('\r\n')),
    / 400 /,
  ],
  ['a header of 50,000 characters', (text) => inside(text, `X: ${'y'.repeat(50_000)}`), / 400 /],
  [
    'five thousand parameters in To',
    (text) => text.replace(/(To: .*)\r\n/, `$1${';a=b'.repeat(5_000)}\r\n`),
    / 400 /,
  ],
  [
    'quotes and brackets that never close',
    (text) => text.replace(/To: .*\r\n/, `To: ${'"<\\'.repeat(2_000)}\r\n`),
    / 400 /,
  ],
  ['a URI of 40,000 characters', (text) => text.replace('sip:app@', `sip:${'a'.repeat(40_000)}@`), / 414 /],
  ['a folded header of 9,000 lines', (text) => inside(text, `X: y${'\r\n z'.repeat(9_000)}`), / 400 /],
  ['a body behind its Content-Length', (text) => `${text}${'z'.repeat(40_000)}`, / 200 /],
];

test.each(large)('%s on UDP: answered, and a call goes on', async (_what, spoil, answer) => {
  await using server = await embedded();
  await using _app = await answering(server);
  await using caller = await SipPeer.udp(server.sipPort);
  await using hostile = await SipPeer.udp(server.sipPort);
  const goesOn = await standingCall(server, caller);
  hostile.send(spoil(hostile.request('OPTIONS', server.sipPort)));
  await hostile.next(answer);
  await goesOn();
});

/** The server closes a stream it can no longer follow; what was written until then is lost. */
async function flood(port: number, piece: Buffer, pieces: number): Promise<void> {
  const socket: Socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  socket.resume();
  for (let at = 0; at < pieces && !socket.destroyed; at++)
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain').catch(() => {}), closed]);
  await closed;
}

test.each([
  ['headers without end', 'OPTIONS sip:a@b SIP/2.0\r\n', 'X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n'],
  ['a header without end', 'OPTIONS sip:a@b SIP/2.0\r\nX: ', 'y'.repeat(40)],
  ['a URI without end', 'OPTIONS sip:', 'a'.repeat(40)],
])(
  '%s, sixteen megabytes on each of twenty streams: closed, and a call goes on',
  async (_what, start, piece) => {
    await using server = await embedded();
    await using _app = await answering(server);
    await using caller = await SipPeer.udp(server.sipPort);
    const goesOn = await standingCall(server, caller);
    const pieces = Buffer.from(piece.repeat(Math.ceil(16_384 / piece.length)));
    await Promise.all(
      Array.from({ length: 20 }, () =>
        flood(server.sipPort, Buffer.concat([Buffer.from(start), pieces]), 1_000),
      ),
    );
    await goesOn();
    await expect.poll(() => server.stats?.()).toMatchObject({ tcpConnections: 0, dialogs: 1 });
  },
);

test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
  'a header named %s is one like any other, on UDP and TCP',
  async (name) => {
    await using server = await embedded();
    await using _app = await answering(server);
    await using udp = await SipPeer.udp(server.sipPort);
    await using tcp = await SipPeer.tcp(server.sipPort);
    for (const peer of [udp, tcp]) {
      peer.send(inside(peer.request('OPTIONS', server.sipPort), `${name}: 1`));
      await peer.next(/ 200 /);
    }
  },
);
