import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { RawApp } from '../raw-app.ts';
import { embedded } from '../server-under-test.ts';
import { SipPeer } from '../sip-peer.ts';
import { connectApp } from '../srf-app.ts';
import { oddlyWritten } from './oddly-written.ts';

/* What an application reads has been unescaped by drachtio-srf: here it is seen as the server gives it. */

const textOf = (name: string): string =>
  oddlyWritten.find((one) => one.name === name)?.text.replace('{rport}', ';rport') ?? '';

test.each([
  ['esc02', 'RE%47IST%45R', ['Contact: <sip:alias1@', 'C%6Fntact: <sip:alias2@', 'Contact: <sip:alias3@']],
  ['escnull', 'REGISTER', ['To: sip:null-%00-null@', 'Contact: <sip:%00@', 'Contact: <sip:%00%00@']],
  ['esc01', 'INVITE', ['INVITE sip:sips%3Auser%40example.com@', 'To: sip:%75se%72@', '<sip:cal%6Cer@']],
])('%s: nothing is unescaped on its way to an application', async (name, method, pieces) => {
  await using server = await embedded();
  await using peer = await SipPeer.udp(server.sipPort);
  const app = await RawApp.connect(server.admin);
  await app.ask(`authenticate|${server.secret}|`);
  await app.ask(`route|${method}`);
  peer.send(Buffer.from(textOf(name), 'latin1'));
  const frame = await app.until((one) => one.includes('|sip|network|'));
  for (const piece of pieces) expect(frame).toContain(`\r\n${piece}`.replace('\r\n<', '<'));
  app.close();
});

test('a multipart body of every byte there is arrives as it was sent', async () => {
  await using server = await embedded();
  await using target = createSocket('udp4').bind(0, '127.0.0.1');
  await once(target, 'listening');
  const to = `sip:bob@127.0.0.1:${target.address().port}`;
  await using _app = await connectApp(server, (srf) =>
    srf.message((request) => void srf.proxyRequest(request, to).catch(() => {})),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  const every = String.fromCharCode(...Array.from({ length: 256 }, (_one, byte) => byte));
  const part = `--b\r\nContent-Type: application/octet-stream\r\n\r\n${every}\r\n\r\n\r\n`;
  const body = `${part}${part}--b--`;
  const text = peer
    .request('MESSAGE', server.sipPort)
    .replace(
      'Content-Length: 0',
      `Content-Type: multipart/mixed;boundary=b\r\nContent-Length: ${body.length}`,
    );
  const passedOn = once(target, 'message');
  peer.send(Buffer.from(text + body, 'latin1'));
  const [bytes] = (await passedOn) as [Buffer];
  const got = bytes.toString('latin1');
  expect(got.slice(got.indexOf('\r\n\r\n') + 4)).toBe(body);
});
