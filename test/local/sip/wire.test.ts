import { connect } from 'node:net';
import fc from 'fast-check';
import pDefer from 'p-defer';
import { expect, test } from 'vitest';
import { embedded, onDrachtio, quick, serverUnderTest } from './server-under-test.ts';
import { fresh, type Heard, SipPeer, sdp } from './sip-peer.ts';
import { connectApp } from './srf-app.ts';

/* What goes over the wire: repeated, merged, malformed and oversized messages, and the way back of a response. */

test('a repeated request is given to the app once and answered each time', async () => {
  await using server = await serverUnderTest();
  let asked = 0;
  await using _app = await connectApp(server, (srf) =>
    srf.options((_request, response) => {
      asked++;
      response.send(200);
    }),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  const options = peer.request('OPTIONS', server.sipPort);
  peer.send(options);
  const first = await peer.next(/ 200 /);
  peer.send(options);
  const second = await peer.next(/ 200 /);
  expect(second.text).toBe(first.text);
  expect(asked).toBe(1);
});

test('a repeated INVITE is given to the app once and gets the last provisional again', async () => {
  await using server = await serverUnderTest();
  let asked = 0;
  await using _app = await connectApp(server, (srf) =>
    srf.invite((_request, response) => {
      asked++;
      response.send(180);
    }),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  const invite = peer.request('INVITE', server.sipPort, { body: sdp() });
  peer.send(invite);
  await peer.next(/ 180 /);
  peer.send(invite);
  await peer.next(/ 180 /);
  expect(asked).toBe(1);
});

test('a refusal is repeated until its ACK', async () => {
  await using server = await serverUnderTest(quick);
  await using _app = await connectApp(server, (srf) =>
    srf.invite((_request, response) => response.send(486)),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  const [branch, callId] = [fresh('z9hG4bK'), fresh('call-')];
  peer.send(peer.request('INVITE', server.sipPort, { branch, callId, body: sdp() }));
  await peer.next(/ 486 /);
  const again = await peer.next(/ 486 /);
  peer.send(peer.request('ACK', server.sipPort, { branch, callId, to: again.header('to') }));
});

test('the transactions of a busy call are all gone in the end', async () => {
  await using server = await embedded({ t1: 20, t2: 80, t4: 50, t1x64: 200 });
  await using app = await connectApp(server, (srf) => {
    srf.invite((_request, response) => response.send(486));
    srf.options((_request, response) => response.send(200));
    srf.message(() => {});
  });
  await using peer = await SipPeer.udp(server.sipPort);
  for (const method of ['INVITE', 'OPTIONS', 'MESSAGE']) peer.send(peer.request(method, server.sipPort));
  app.srf.createUAC(`sip:bob@127.0.0.1:${peer.port}`, { localSdp: sdp() }).catch(() => {});
  await peer.next(/^INVITE/);
  await expect
    .poll(() => server.stats?.())
    .toMatchObject({
      serverTransactions: 0,
      clientTransactions: 0,
      unanswered: 0,
      inviting: 0,
      dialogs: 0,
    });
});

test('the same request by another way is merged: 482', async () => {
  await using server = await embedded();
  await using _app = await connectApp(server, (srf) =>
    srf.invite((_request, response) => response.send(180)),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  const callId = fresh('call-');
  peer.send(peer.request('INVITE', server.sipPort, { callId, body: sdp() }));
  await peer.next(/ 180 /);
  peer.send(peer.request('INVITE', server.sipPort, { callId, body: sdp() }));
  await peer.next(/ 482 /);
});

test('Max-Forwards 0 may go no further: 483', async () => {
  await using server = await embedded();
  await using _app = await connectApp(server, (srf) => srf.invite(() => {}));
  await using peer = await SipPeer.udp(server.sipPort);
  peer.send(peer.request('INVITE', server.sipPort, { maxForwards: '0', body: sdp() }));
  await peer.next(/ 483 /);
});

// RFC 3261 §18.2.2; drachtio-server always answers where the request came from
test('a request is answered where it came from when it asked for that, and to its Via when it did not', async () => {
  await using server = await embedded();
  await using _app = await connectApp(server, (srf) =>
    srf.options((_request, response) => response.send(200)),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  await using other = await SipPeer.udp(server.sipPort);
  peer.send(
    peer.request('OPTIONS', server.sipPort).replace(`127.0.0.1:${peer.port};rport`, '10.1.2.3:9;rport'),
  );
  const here = await peer.next(/ 200 /);
  expect(here.header('via')).toMatch(new RegExp(`rport=${peer.port}`));
  expect(here.header('via')).toContain('received=127.0.0.1');
  peer.send(
    peer
      .request('OPTIONS', server.sipPort)
      .replace(`127.0.0.1:${peer.port};rport`, `127.0.0.1:${other.port}`),
  );
  await other.next(/ 200 /);
});

test('folded, compact and listed headers are read', async () => {
  await using server = await serverUnderTest();
  const seen: string[] = [];
  await using _app = await connectApp(server, (srf) =>
    srf.options((request, response) => {
      seen.push(request.get('subject'), request.get('call-id'));
      response.send(200);
    }),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  const callId = fresh('call-');
  peer.send(
    [
      `OPTIONS sip:app@127.0.0.1:${server.sipPort} SIP/2.0`,
      `v: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=${fresh('z9hG4bK')}, SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKfar`,
      'MAX-FORWARDS: 70',
      'f: "A, <B> \\"C\\"" <sip:a@b>;tag=1',
      't: <sip:app@127.0.0.1>',
      `i: ${callId}`,
      'cseq: 7   OPTIONS',
      's: one',
      '  two',
      'l: 0',
      '',
      '',
    ].join('\r\n'),
  );
  const ok = await peer.next(/ 200 /);
  expect(ok.header('via').replaceAll(' ', '')).toMatch(
    /branch=z9hG4bK.*,SIP\/2\.0\/UDP10\.0\.0\.1;branch=z9hG4bKfar$/,
  );
  expect(seen[1]).toBe(callId);
  expect(seen[0]?.replace(/\s+/g, ' ')).toBe('one two');
});

const broken: readonly [what: string, break_: (request: string) => string, answer: RegExp | undefined][] = [
  ['no From', (request) => request.replace(/From:.*\r\n/, ''), / 400 /],
  ['no Call-ID', (request) => request.replace(/Call-ID:.*\r\n/, ''), / 400 /],
  ['two CSeq', (request) => request.replace(/(CSeq:.*\r\n)/, '$1$1'), / 400 /],
  ['another method in CSeq', (request) => request.replace(/CSeq:.*\r\n/, 'CSeq: 1 BYE\r\n'), / 400 /],
  [
    'CSeq beyond 32 bits',
    (request) => request.replace(/CSeq:.*\r\n/, 'CSeq: 4294967296 OPTIONS\r\n'),
    / 400 /,
  ],
  [
    'a body shorter than it says',
    (request) => request.replace('Content-Length: 0', 'Content-Length: 10'),
    / 400 /,
  ],
  ['a negative length', (request) => request.replace('Content-Length: 0', 'Content-Length: -5'), / 400 /],
  ['Max-Forwards 300', (request) => request.replace('Max-Forwards: 70', 'Max-Forwards: 300'), / 400 /],
  ['an open quote in To', (request) => request.replace(/To: .*\r\n/, 'To: "Mr. <sip:a@b>\r\n'), / 400 /],
  [
    'a line that is no header',
    (request) => request.replace('Max-Forwards: 70', 'Max-Forwards: 70\r\nnonsense'),
    / 400 /,
  ],
  ['a scheme nobody knows', (request) => request.replace(/OPTIONS \S+/, 'OPTIONS mailto:a@b'), / 416 /],
  ['a URI that is none', (request) => request.replace(/OPTIONS \S+/, 'OPTIONS sip:[::1'), / 400 /],
  ['another version', (request) => request.replace('SIP/2.0\r\n', 'SIP/7.0\r\n'), / 505 /],
  [
    '300 headers',
    (request) => request.replace('Max-Forwards: 70', `Max-Forwards: 70${'\r\nX: y'.repeat(300)}`),
    / 400 /,
  ],
  ['no Via', (request) => request.replace(/Via:.*\r\n/, ''), undefined],
  ['no end', (request) => request.trimEnd(), undefined],
  ['no start', () => '\r\n\r\n\r\n\r\n', undefined],
  ['zeroes', () => '\0'.repeat(500), undefined],
];

test.each(broken)(
  'a request with %s is refused or dropped, and the server goes on',
  async (_what, break_, answer) => {
    await using server = await embedded();
    await using _app = await connectApp(server, (srf) =>
      srf.options((_request, response) => response.send(200)),
    );
    await using peer = await SipPeer.udp(server.sipPort);
    peer.send(break_(peer.request('OPTIONS', server.sipPort)));
    if (answer) await peer.next(answer);
    peer.send(peer.request('OPTIONS', server.sipPort));
    await peer.next(/ 200 /);
    expect(peer.heard).toHaveLength(answer ? 2 : 1);
  },
);

test('two thousand spoiled messages on UDP and TCP: the server answers, and a call in progress goes on', async () => {
  await using server = await embedded();
  let info = 0;
  await using _app = await connectApp(server, (srf) => {
    srf.invite(async (request, response) => {
      const dialog = await srf.createUAS(request, response, { localSdp: sdp(5000) });
      dialog.on('info', (_request, reply) => {
        info++;
        reply.send(200);
      });
    });
    srf.options((_request, response) => response.send(200));
  });
  await using caller = await SipPeer.udp(server.sipPort);
  await using hostile = await SipPeer.udp(server.sipPort);
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', server.sipPort, { callId, body: sdp() }));
  const ok = await caller.next(/ 200 /);
  caller.send(caller.request('ACK', server.sipPort, { callId, to: ok.header('to') }));

  const methods = fc.constantFrom('INVITE', 'OPTIONS', 'ACK', 'CANCEL', 'BYE', 'PRACK', 'UPDATE');
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 12 });
  for (const [method, spoiled, cut] of fc.sample(fc.tuple(methods, changes, fc.nat()), 2_000)) {
    const bytes = Buffer.from(
      hostile.request(method, server.sipPort, { body: method === 'INVITE' ? sdp() : '' }),
    );
    for (const [at, byte] of spoiled) bytes[at % bytes.length] = byte;
    hostile.send(bytes.subarray(0, cut % 3 === 0 ? cut % bytes.length : bytes.length));
    if (cut % 10 === 0) {
      const socket = connect(server.sipPort, '127.0.0.1').on('error', () => {});
      socket.end(bytes).resume();
    }
    if (cut % 50 === 0) await new Promise(setImmediate);
  }
  caller.send(caller.request('INFO', server.sipPort, { callId, cseq: 2, to: ok.header('to') }));
  await caller.until((message) => message.header('cseq') === '2 INFO');
  expect(info).toBe(1);
});

test('an INVITE without a Contact is answered 400', async () => {
  await using server = await embedded();
  await using _app = await connectApp(server, (srf) =>
    srf.invite((_request, response) => response.send(486)),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  peer.send(peer.request('INVITE', server.sipPort).replace(/Contact:.*\r\n/, ''));
  await peer.next(/ 400 /);
});

// drachtio-server does not survive the app's answer to it
test('a caller older than RFC 3261, without tag and branch, is taken, acknowledges and hangs up', async () => {
  await using server = await embedded();
  const acknowledged = pDefer<void>();
  const over = pDefer<void>();
  await using _app = await connectApp(server, (srf) =>
    srf.invite(async (request, response) => {
      const dialog = await srf.createUAS(request, response, { localSdp: sdp(5000) });
      dialog.once('destroy', () => over.resolve());
      acknowledged.resolve();
    }),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  const callId = fresh('call-');
  const say = (method: string, cseq: number, to?: string) =>
    caller.send(
      caller
        .request(method, server.sipPort, {
          callId,
          cseq,
          ...(to ? { to } : {}),
          body: method === 'INVITE' ? sdp() : '',
        })
        .replace(';tag=peer', '')
        .replace(/;branch=[^\r]*/, ''),
    );
  say('INVITE', 1);
  const ok = await caller.next(/ 200 /);
  say('ACK', 1, ok.header('to'));
  await acknowledged.promise;
  say('BYE', 2, ok.header('to'));
  await caller.until((one) => one.header('cseq') === '2 BYE' && / 200 /.test(one.startLine));
  await over.promise;
});

test('TCP: messages in pieces, several in one piece, and keep-alives between them', async () => {
  await using server = await serverUnderTest();
  await using _app = await connectApp(server, (srf) =>
    srf.message((request, response) => response.send(200, { headers: { 'X-Echo': request.body } })),
  );
  await using peer = await SipPeer.tcp(server.sipPort);
  const one = (n: number) => peer.request('MESSAGE', server.sipPort, { body: `v=${n} Grüße` });
  const keepAlive = onDrachtio ? '' : '\r\n\r\n'; // drachtio-server stops reading a stream with one between messages
  const all = Buffer.from(`${one(1)}${keepAlive}${one(2)}${one(3)}`);
  for (let at = 0; at < all.length; at += 11) {
    peer.send(all.subarray(at, at + 11));
    await new Promise(setImmediate);
  }
  const echoes: Heard[] = [await peer.next(/ 200 /), await peer.next(/ 200 /), await peer.next(/ 200 /)];
  expect(echoes.map((heard) => heard.header('x-echo'))).toEqual(['v=1 Grüße', 'v=2 Grüße', 'v=3 Grüße']);
});

test('TCP: a ping of two empty lines is answered with one', async () => {
  await using server = await serverUnderTest();
  const socket = connect(server.sipPort, '127.0.0.1');
  const pong = new Promise<string>((found) => socket.on('data', (data) => found(data.toString())));
  socket.write('\r\n\r\n');
  expect(await pong).toBe('\r\n');
  socket.destroy();
});

test.each([
  ['too large a body', 'Content-Length: 100000000', ''],
  ['no Content-Length', 'X-None: 1', ''],
  ['headers without end', 'X-Long: ', 'y'.repeat(80_000)],
])('TCP: %s ends that connection and no other', async (_what, header, more) => {
  await using server = await embedded();
  await using _app = await connectApp(server, (srf) =>
    srf.options((_request, response) => response.send(200)),
  );
  await using peer = await SipPeer.tcp(server.sipPort);
  const socket = connect(server.sipPort, '127.0.0.1');
  const closed = new Promise<void>((done) => socket.on('close', () => done()));
  socket.on('error', () => {});
  socket.resume();
  const request = peer
    .request('OPTIONS', server.sipPort)
    .replace('Content-Length: 0\r\n\r\n', `${header}${more}`);
  socket.write(more === '' ? `${request}\r\n\r\n` : request);
  await closed;
  peer.send(peer.request('OPTIONS', server.sipPort));
  await peer.next(/ 200 /);
});

test('TCP: a message that never ends is given up after a while', async () => {
  await using server = await embedded(quick);
  const socket = connect(server.sipPort, '127.0.0.1');
  const closed = new Promise<void>((done) => socket.on('close', () => done()));
  socket.on('error', () => {});
  socket.write('OPTIONS sip:a@b SIP/2.0\r\nVia: ');
  await closed;
});

test('TCP: a response finds its way when the connection of its request is gone', async () => {
  await using server = await serverUnderTest();
  let answer: (() => void) | undefined;
  await using _app = await connectApp(server, (srf) =>
    srf.options((_request, response) => {
      answer = () => response.send(200);
    }),
  );
  await using peer = await SipPeer.tcp(server.sipPort);
  const socket = connect(server.sipPort, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(peer.request('OPTIONS', server.sipPort));
  await expect.poll(() => answer).toBeDefined();
  socket.destroy();
  if (server.stats) {
    await expect.poll(() => server.stats?.().tcpConnections).toBe(1);
    answer?.();
    await peer.next(/ 200 /);
  }
});

test('an address in use is refused with what and where', async () => {
  await using server = await embedded();
  const { startSipServer } = await import('../../../local/sip/sip-server.ts');
  for (const transport of ['udp', 'tcp', 'udp,tcp']) {
    const contacts = [`sip:127.0.0.1:${server.sipPort};transport=${transport}`];
    const starting = startSipServer({ admin: { host: '127.0.0.1', port: 0, secret: 'x' }, contacts });
    await expect(starting).rejects.toThrow(`127.0.0.1:${server.sipPort} cannot be listened on`);
  }
});
