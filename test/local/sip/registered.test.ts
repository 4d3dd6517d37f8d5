import { expect, test } from 'vitest';
import { parseAppMessage } from '../../../local/sip/app/app-message.ts';
import { KeptFlows } from '../../../local/sip/core/kept-flows.ts';
import { parseMessage } from '../../../local/sip/message/parse-message.ts';
import { SipMessage } from '../../../local/sip/message/sip-message.ts';
import { type ServerUnderTest, serverUnderTest } from './server-under-test.ts';
import { SipPeer, sdp } from './sip-peer.ts';
import { connectApp, type SrfApp } from './srf-app.ts';

/* A peer whose Contact leads nowhere, like a browser's, is reached over the connection it registered on. */

const uri = 'sip:me@browser.invalid;transport=tcp';

const registrar = (srf: SrfApp): void =>
  srf.use('register', (request, response) =>
    response.send(200, { headers: { Contact: `${request.get('contact')};expires=600` } }),
  );

/** Register over TCP, and name the address no one can look up. */
async function register(peer: SipPeer, server: ServerUnderTest): Promise<void> {
  peer.send(peer.request('REGISTER', server.sipPort, { contact: `<${uri}>`, to: '<sip:me@lab.test>' }));
  const granted = await peer.next(/ 200 /);
  expect(granted.header('contact')).toContain('expires=600');
}

test('who registered over a connection is called over it, and the call runs on it', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server, registrar);
  await using peer = await SipPeer.tcp(server.sipPort);
  await register(peer, server);
  const calling = app.srf.createUAC(uri, { localSdp: sdp() });
  const invite = await peer.next(/^INVITE/);
  expect(invite.startLine).toBe(`INVITE ${uri} SIP/2.0`);
  expect(invite.header('via')).toMatch(/^SIP\/2.0\/TCP/);
  peer.reply(invite, '200 OK', { body: sdp(), contact: `<${uri}>` });
  const dialog = await calling;
  await peer.next(/^ACK/);
  const gone = dialog.destroy();
  peer.reply(await peer.next(/^BYE/), '200 OK');
  await gone;
});

test('a caller is joined with who registered over a connection', async () => {
  await using server = await serverUnderTest();
  const refusals: unknown[] = [];
  await using _app = await connectApp(server, (srf) => {
    registrar(srf);
    srf.invite((request, response) => {
      srf.createB2BUA(request, response, uri, {}).catch((error: unknown) => refusals.push(error));
    });
  });
  await using peer = await SipPeer.tcp(server.sipPort);
  await register(peer, server);
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  peer.reply(await peer.next(/^INVITE/), '486 Busy Here', { contact: `<${uri}>` });
  await caller.next(/ 486 /);
  await expect.poll(() => refusals).toMatchObject([{ status: 486 }]);
});

test('a connection is kept for as long as it was granted and open, and forgotten when it is given up', () => {
  let now = 0;
  const flows = new KeptFlows(() => now);
  const connection = { open: true };
  const listener = { protocol: 'tcp', host: '127.0.0.1', port: 5060 } as const;
  const arrival = { listener, host: '127.0.0.1', port: 50_000, size: 0, connection };
  const grant = (contact: string, headers: string) => {
    const request = parseMessage(`REGISTER sip:lab.test SIP/2.0\r\nContact: ${contact}\r\n\r\n`);
    if (request instanceof SipMessage)
      flows.granted(request, arrival, parseAppMessage(`SIP/2.0 200 OK\r\n${headers}\r\n\r\n`));
  };
  grant('<sip:me@Browser.invalid>', 'Expires: 60');
  expect(flows.find('sip:me@browser.invalid')).toMatchObject({ port: 50_000, connection });
  expect(flows.find('sip:you@browser.invalid')).toBeUndefined();
  now += 61_000;
  expect(flows.find('sip:me@browser.invalid')).toBeUndefined();
  grant('<sip:me@browser.invalid>', 'Contact: <sip:me@browser.invalid>;expires=60');
  grant('<sip:me@browser.invalid>', 'Expires: 0');
  expect(flows.find('sip:me@browser.invalid')).toBeUndefined();
  grant('<sip:me@browser.invalid>', 'Expires: 60');
  connection.open = false;
  expect(flows.find('sip:me@browser.invalid')).toBeUndefined();
});
