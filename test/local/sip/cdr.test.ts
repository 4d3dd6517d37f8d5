import { expect, test } from 'vitest';
import { embedded, quick, type ServerUnderTest, serverUnderTest } from './server-under-test.ts';
import { fresh, SipPeer, sdp } from './sip-peer.ts';
import { connectApp, type SrfApp, type SrfRequest } from './srf-app.ts';

interface Told {
  readonly method: string;
  readonly status: number;
}

/** An app that asks for all records, which are kept as one line each. */
async function recorded(server: ServerUnderTest, prepare: (srf: SrfApp) => void = () => {}) {
  const records: string[] = [];
  const line = (...parts: (string | number)[]) => records.push(parts.join(' '));
  const what = (message: Told): string | number => message.method ?? message.status;
  const app = await connectApp(server, (srf) => {
    srf.on('cdr:attempt', (source: string, _time: string, message: Told) =>
      line('attempt', source, what(message)),
    );
    for (const event of ['start', 'stop'])
      srf.on(`cdr:${event}`, (source: string, _time: string, more: string, message: Told) =>
        line(event, source, more, message.status ?? message.method),
      );
    prepare(srf);
  });
  return Object.assign(app, { records });
}

const target = (peer: SipPeer): string => `sip:127.0.0.1:${peer.port}`;

test('a call to the app: attempt, start and stop, each with its message', async () => {
  await using server = await serverUnderTest();
  await using app = await recorded(server, (srf) =>
    srf.invite(async (request, response) => {
      await srf.createUAS(request, response, { localSdp: sdp() });
    }),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', server.sipPort, { callId, body: sdp() }));
  const to = (await caller.next(/ 200 /)).header('to');
  caller.send(caller.request('ACK', server.sipPort, { callId, to }));
  caller.send(caller.request('BYE', server.sipPort, { callId, to, cseq: 2 }));
  await caller.until((message) => message.header('cseq') === '2 BYE');
  await expect
    .poll(() => app.records)
    .toEqual(['attempt network INVITE', 'start application uas 200', 'stop network normal-release BYE']);
});

test('a call of the app: attempt, start and stop', async () => {
  await using server = await serverUnderTest();
  await using app = await recorded(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const calling = app.srf.createUAC(target(callee), { localSdp: sdp() });
  callee.reply(await callee.next(/^INVITE/), '200 OK', { body: sdp() });
  const dialog = await calling;
  await callee.next(/^ACK/);
  const gone = dialog.destroy();
  callee.reply(await callee.next(/^BYE/), '200 OK');
  await gone;
  await expect
    .poll(() => app.records)
    .toEqual(['attempt application INVITE', 'start network uac 200', 'stop application normal-release BYE']);
});

test('a call refused by either side: attempt and stop', async () => {
  await using server = await serverUnderTest();
  await using app = await recorded(server, (srf) => srf.invite((_request, response) => response.send(486)));
  await using peer = await SipPeer.udp(server.sipPort);
  peer.send(peer.request('INVITE', server.sipPort, { body: sdp() }));
  await peer.next(/ 486 /);
  await expect
    .poll(() => app.records)
    .toEqual(['attempt network INVITE', 'stop application call-rejected 486']);
  app.records.length = 0;
  const calling = app.srf.createUAC(target(peer), { localSdp: sdp() });
  peer.reply(await peer.next(/^INVITE/), '603 Decline');
  await expect(calling).rejects.toMatchObject({ status: 603 });
  await expect
    .poll(() => app.records)
    .toEqual(['attempt application INVITE', 'stop network call-rejected 603']);
});

test('a call canceled by either side is told as that', async () => {
  await using server = await serverUnderTest();
  await using app = await recorded(server, (srf) => srf.invite((_request, response) => response.send(180)));
  await using peer = await SipPeer.udp(server.sipPort);
  const same = { callId: fresh('call-'), branch: fresh('z9hG4bK') };
  peer.send(peer.request('INVITE', server.sipPort, { ...same, body: sdp() }));
  await peer.next(/ 180 /);
  peer.send(peer.request('CANCEL', server.sipPort, same));
  await peer.next(/ 487 /);
  await expect
    .poll(() => app.records)
    .toEqual(['attempt network INVITE', 'stop network call-canceled INVITE']);
  app.records.length = 0;
  const sent: SrfRequest[] = [];
  const heard: number[] = [];
  const calling = app.srf.createUAC(
    target(peer),
    { localSdp: sdp() },
    {
      cbRequest: (_error, request) => sent.push(request),
      cbProvisional: ({ status }) => heard.push(status),
    },
  );
  const invite = await peer.next(/^INVITE/);
  peer.reply(invite, '180 Ringing');
  await expect.poll(() => heard).toEqual([180]);
  sent[0]?.cancel();
  peer.reply(await peer.next(/^CANCEL/), '200 OK');
  peer.reply(invite, '487 Request Terminated');
  await expect(calling).rejects.toMatchObject({ status: 487 });
  await expect
    .poll(() => app.records)
    .toEqual(['attempt application INVITE', 'stop network call-canceled 487']);
});

test('a call the app itself refuses with 487 is rejected, not canceled', async () => {
  await using server = await serverUnderTest();
  await using app = await recorded(server, (srf) => srf.invite((_request, response) => response.send(487)));
  await using peer = await SipPeer.udp(server.sipPort);
  peer.send(peer.request('INVITE', server.sipPort, { body: sdp() }));
  await peer.next(/ 487 /);
  await expect
    .poll(() => app.records)
    .toEqual(['attempt network INVITE', 'stop application call-rejected 487']);
});

test('nobody wants the call: attempt and stop all the same', async () => {
  await using server = await serverUnderTest();
  await using app = await recorded(server);
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  await caller.next(/ 503 /);
  await expect
    .poll(() => app.records)
    .toEqual(['attempt network INVITE', 'stop application call-rejected 503']);
});

test('a call passed on has records of both its sides', async () => {
  await using server = await serverUnderTest();
  await using callee = await SipPeer.udp(server.sipPort);
  await using app = await recorded(server, (srf) =>
    srf.invite((request) => void srf.proxyRequest(request, target(callee), { recordRoute: true })),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', server.sipPort, { callId, body: sdp() }));
  callee.reply(await callee.next(/^INVITE/), '200 OK');
  const ok = await caller.next(/ 200 /);
  const headers = [`Route: ${ok.header('record-route')}`];
  const parts = { callId, to: ok.header('to'), uri: callee.contact.slice(1, -1), headers };
  caller.send(caller.request('ACK', server.sipPort, parts));
  caller.send(caller.request('BYE', server.sipPort, { ...parts, cseq: 2 }));
  callee.reply(await callee.next(/^BYE/), '200 OK');
  await expect
    .poll(() => [...app.records].sort())
    .toEqual([
      'attempt application INVITE',
      'attempt network INVITE',
      'start application proxy-uas 200',
      'start network proxy-uac 200',
      'stop application normal-release BYE',
      'stop network normal-release BYE',
    ]);
});

test('a changed session is no new call', async () => {
  await using server = await serverUnderTest();
  await using app = await recorded(server, (srf) =>
    srf.invite(async (request, response) => {
      await srf.createUAS(request, response, { localSdp: sdp() });
    }),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', server.sipPort, { callId, body: sdp() }));
  const to = (await caller.next(/ 200 /)).header('to');
  caller.send(caller.request('ACK', server.sipPort, { callId, to }));
  caller.send(caller.request('INVITE', server.sipPort, { callId, to, cseq: 2, body: sdp(5002) }));
  await caller.until((message) => message.header('cseq') === '2 INVITE' && / 200 /.test(message.startLine));
  caller.send(caller.request('ACK', server.sipPort, { callId, to, cseq: 2 }));
  caller.send(caller.request('BYE', server.sipPort, { callId, to, cseq: 3 }));
  await caller.until((message) => message.header('cseq') === '3 BYE');
  await expect
    .poll(() => app.records)
    .toEqual(['attempt network INVITE', 'start application uas 200', 'stop network normal-release BYE']);
});

// drachtio-server never tells the end of a call it gave up for want of an ACK
test('a call ended for want of an ACK is told as ended by the server', async () => {
  await using server = await embedded(quick);
  await using app = await recorded(server, (srf) =>
    srf.invite((request, response) => {
      srf.createUAS(request, response, { localSdp: sdp() }).catch(() => {});
    }),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  caller.reply(await caller.next(/^BYE/), '200 OK');
  await expect.poll(() => app.records.at(-1)).toBe('stop application system-initiated-termination BYE');
});

test('an app that asked for no records gets none, and several apps share them', async () => {
  await using server = await serverUnderTest();
  await using one = await recorded(server);
  await using other = await recorded(server);
  await using _third = await connectApp(server, (srf) =>
    srf.invite((_request, response) => response.send(480)),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  for (let call = 0; call < 4; call++) {
    caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
    await caller.next(/ 480 /);
  }
  await expect.poll(() => one.records.length + other.records.length).toBe(8);
  expect(one.records.filter((record) => record.startsWith('attempt'))).toHaveLength(2);
});
