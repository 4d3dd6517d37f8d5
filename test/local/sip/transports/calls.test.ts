import { expect, test } from 'vitest';
import { onDrachtio, serverUnderTest } from '../server-under-test.ts';
import { fresh, sdp } from '../sip-peer.ts';
import { connectApp, type SrfDialog, type SrfRequest } from '../srf-app.ts';
import { peerOver } from './stream-peer.ts';

const contacts = [
  'sip:127.0.0.1:0;transport=udp,tcp',
  'sips:127.0.0.1:0;transport=tls',
  'sip:127.0.0.1:0;transport=ws',
  'sips:127.0.0.1:0;transport=wss',
];

for (const protocol of ['UDP', 'TCP', 'TLS', 'WS', 'WSS'] as const) {
  const transport = protocol.toLowerCase();
  /** A WebSocket is told as the stream below it. */
  const told = transport.startsWith('ws') ? 'tcp' : transport;

  test(`over ${transport}: a call is taken, the application is told how it came, and hangs up over the same connection`, async () => {
    await using server = await serverUnderTest({}, contacts);
    let answered: Promise<SrfDialog> | undefined;
    let seen: SrfRequest | undefined;
    await using _app = await connectApp(server, (srf) =>
      srf.invite((request, response) => {
        seen = request;
        answered = srf.createUAS(request, response, { localSdp: sdp(5000) });
      }),
    );
    await using caller = await peerOver(protocol, server);
    const callId = fresh('call-');
    caller.send(caller.request('INVITE', server.portOf(transport), { callId, body: sdp() }));
    const ok = await caller.next(/ 200 /);
    expect(ok.header('via')).toMatch(new RegExp(`^SIP/2.0/${protocol} `));
    expect(ok.header('via')).toMatch(/;rport=\d+/);
    if (!onDrachtio) expect(ok.header('via')).toContain(';received=127.0.0.1');
    expect(ok.header('contact')).toContain(`127.0.0.1:${server.portOf(transport)}`);
    if (protocol !== 'UDP') expect(ok.header('contact')).toContain(`transport=${transport}`);
    caller.send(caller.request('ACK', server.portOf(transport), { callId, cseq: 1, to: ok.header('to') }));
    const dialog = await answered;
    expect([seen?.protocol, seen?.source_address, seen?.body]).toEqual([told, '127.0.0.1', sdp()]);

    const over = dialog?.destroy();
    const bye = await caller.next(/^BYE /);
    expect(bye.header('via')).toMatch(
      new RegExp(`^SIP/2.0/${protocol} 127.0.0.1:${server.portOf(transport)}`),
    );
    caller.reply(bye, '200 OK');
    await over;
  });

  test(`over ${transport}: who registered is called over its connection`, async () => {
    await using server = await serverUnderTest({}, contacts);
    await using app = await connectApp(server, (srf) =>
      srf.use('register', (request, response) =>
        response.send(200, { headers: { Contact: `${request.get('Contact')};expires=60` } }),
      ),
    );
    await using callee = await peerOver(protocol, server);
    callee.send(callee.request('REGISTER', server.portOf(transport)));
    await callee.next(/ 200 /);
    const calling = app.srf.createUAC(callee.contact.slice(1, -1), { localSdp: sdp() });
    const invite = await callee.next(/^INVITE /);
    expect(invite.header('via')).toContain(`SIP/2.0/${protocol} 127.0.0.1:${server.portOf(transport)}`);
    callee.reply(invite, '200 OK', { body: sdp(4002) });
    await callee.next(/^ACK /);
    const dialog = await calling;
    const over = dialog.destroy();
    callee.reply(await callee.next(/^BYE /), '200 OK');
    await over;
  });
}

test('an application is told every contact', async () => {
  await using server = await serverUnderTest({}, contacts);
  await using app = await connectApp(server);
  const at = (transport: string) => `${transport}/127.0.0.1:${server.portOf(transport)}`;
  for (const transport of ['udp', 'tcp', 'tls', 'ws', 'wss']) expect(app.hostports).toContain(at(transport));
});

test.skipIf(onDrachtio)('a browser on wss that calls itself ws is called over wss', async () => {
  await using server = await serverUnderTest({}, ['sips:127.0.0.1:0;transport=wss']);
  await using app = await connectApp(server, (srf) =>
    srf.use('register', (_request, response) => response.send(200, { headers: { Expires: '60' } })),
  );
  await using browser = await peerOver('WSS', server);
  const contact = '<sip:anna@abc.invalid;transport=ws>';
  browser.send(browser.request('REGISTER', server.portOf('wss'), { contact }));
  await browser.next(/ 200 /);
  const calling = app.srf.createUAC('sip:anna@abc.invalid;transport=ws', { localSdp: sdp() });
  browser.reply(await browser.next(/^INVITE /), '486 Busy Here', { contact });
  await expect(calling).rejects.toMatchObject({ status: 486 });
});
