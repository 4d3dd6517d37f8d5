import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { connectSipServer } from '../../../edge-node/signaling/drachtio/link.ts';
import type { Dialog, IncomingInvite } from '../../../edge-node/signaling/sip.ts';
import { serverUnderTest } from '../../local/sip/server-under-test.ts';
import { fresh, type Heard, SipPeer, sdp } from '../../local/sip/sip-peer.ts';

/* These stories run on a real drachtio-server, too, when DRACHTIO_BIN names its program. */

/** An edge's link to a SIP server, and a carrier beyond it. */
async function aLink() {
  const server = await serverUnderTest();
  const invites: ((invite: IncomingInvite) => void)[] = [];
  const link = await connectSipServer(
    { ...server.admin, secret: server.secret },
    {
      ...{ screen: () => 'pass', onRegister: () => {}, onMalformed: () => {}, onLinkDown: () => {} },
      ...{ onInvite: (invite) => invites.shift()?.(invite), onOptions: () => ({ status: 200, headers: {} }) },
    },
    pino({ level: 'silent' }),
  );
  const carrier = await SipPeer.udp(server.sipPort);
  onTestFinished(async () => {
    await carrier[Symbol.asyncDispose]();
    await link[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  const nextInvite = () => new Promise<IncomingInvite>((resolve) => invites.push(resolve));
  return { server, link, carrier, nextInvite };
}

const response = (request: Heard, status: string, headers: readonly string[] = [], body = '') => {
  const to = request.header('to');
  return [
    `SIP/2.0 ${status}`,
    ...request
      .header('via')
      .split(/,\s*/)
      .map((via) => `Via: ${via}`),
    `From: ${request.header('from')}`,
    `To: ${to.includes(';tag=') ? to : `${to};tag=carrier`}`,
    `Call-ID: ${request.header('call-id')}`,
    `CSeq: ${request.header('cseq')}`,
    ...headers,
    ...(body ? ['Content-Type: application/sdp'] : []),
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
};

/** A call of ours to the carrier, which has answered it. */
async function aCallOut() {
  const all = await aLink();
  const { link, carrier } = all;
  const contact = `Contact: <sip:carrier@127.0.0.1:${carrier.port}>`;
  const call = link.dial({
    ...{ uri: `sip:bob@127.0.0.1:${carrier.port}`, sdp: sdp(), headers: {}, onProvisional: () => {} },
    from: { uri: 'sip:a@b', number: 'a' },
  });
  const invite = await carrier.next(/^INVITE/);
  carrier.send(response(invite, '200 OK', [contact], sdp(5_000)));
  await carrier.next(/^ACK/);
  const result = await call.result;
  if (result.kind !== 'answered') throw new Error(`it failed: ${result.detail}`);
  const dialog = await result.accept();
  /** A request of the carrier in the dialog. */
  const asks = (method: string, cseq: number, body = '') =>
    carrier.send(
      [
        `${method} ${/<([^>]+)>/.exec(invite.header('contact'))?.[1]} SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.1:${carrier.port};rport;branch=z9hG4bK${fresh('b')}`,
        `From: ${invite.header('to')};tag=carrier`,
        `To: ${invite.header('from')}`,
        `Call-ID: ${invite.header('call-id')}`,
        ...[`CSeq: ${cseq} ${method}`, 'Max-Forwards: 70', contact],
        ...(body ? ['Content-Type: application/sdp'] : []),
        `Content-Length: ${body.length}`,
        '',
        body,
      ].join('\r\n'),
    );
  return { ...all, dialog, invite, contact, asks };
}

const answerOf = (carrier: SipPeer, cseq: string, status: number) =>
  carrier.until(
    (message) => message.startLine.startsWith(`SIP/2.0 ${status}`) && message.header('cseq') === cseq,
  );

test('a re-INVITE of ours is answered with the SDP of the other side, and acknowledged', async () => {
  const { dialog, carrier, contact } = await aCallOut();
  const changing = dialog.reinvite(sdp(4_100));
  const again = await carrier.next(/^INVITE/);
  expect(again.body).toBe(sdp(4_100));
  carrier.send(response(again, '200 OK', [contact], sdp(5_100)));
  expect((await carrier.next(/^ACK/)).header('cseq')).toBe(again.header('cseq').replace('INVITE', 'ACK'));
  expect(await changing).toEqual({ kind: 'answered', sdp: sdp(5_100) });
});

test.each([
  [488, { kind: 'refused', status: 488 }],
  [481, { kind: 'gone' }],
])('that is refused with %i is acknowledged once, and settles', async (status, expected) => {
  const { dialog, carrier } = await aCallOut();
  const changing = dialog.reinvite(sdp(4_100));
  carrier.send(response(await carrier.next(/^INVITE/), `${status} No`));
  expect(await changing).toEqual(expected);
  await carrier.next(/^ACK/);
  await dialog.bye();
  const acks = carrier.heard.filter(({ startLine }) => startLine.startsWith('ACK'));
  expect(acks).toHaveLength(2);
});

test('that meets glare is sent again once the time of the one who began the call is over', async () => {
  const { dialog, carrier, contact } = await aCallOut();
  const changing = dialog.reinvite(sdp(4_100));
  carrier.send(response(await carrier.next(/^INVITE/), '491 Request Pending'));
  const since = performance.now();
  const again = await carrier.next(/^INVITE/);
  // RFC 3261 §14.1: 2.1 to 4 seconds for the owner of the Call-ID.
  expect(performance.now() - since).toBeGreaterThan(2_000);
  carrier.send(response(again, '200 OK', [contact], sdp(5_100)));
  expect(await changing).toMatchObject({ kind: 'answered' });
});

test('a re-INVITE that comes while ours is on its way hears 491', async () => {
  const { dialog, carrier, contact, asks } = await aCallOut();
  const changing = dialog.reinvite(sdp(4_100));
  const ours = await carrier.next(/^INVITE/);
  asks('INVITE', 7, sdp(5_200));
  await answerOf(carrier, '7 INVITE', 491);
  carrier.send(response(ours, '200 OK', [contact], sdp(5_100)));
  expect(await changing).toMatchObject({ kind: 'answered' });
});

test('an UPDATE is put to who answers for the call, and answered', async () => {
  const { dialog, carrier, asks } = await aCallOut();
  dialog.onSessionRequest(async ({ method, sdp }) => ({ status: 200, sdp: `${sdp}a=${method}\r\n` }));
  asks('UPDATE', 7, sdp(5_200));
  const { body, text } = await answerOf(carrier, '7 UPDATE', 200);
  expect(body).toBe(`${sdp(5_200)}a=UPDATE\r\n`);
  expect(text).toMatch(/^Contact:/im);
});

test('a re-INVITE is answered, and who answered is told the SDP of the ACK', async () => {
  const { dialog, carrier, asks } = await aCallOut();
  const acked = new Promise<string | undefined>((resolve) =>
    dialog.onSessionRequest(async () => ({ status: 200, sdp: sdp(4_300), acked: resolve })),
  );
  asks('INVITE', 7);
  expect((await answerOf(carrier, '7 INVITE', 200)).body).toBe(sdp(4_300));
  asks('ACK', 7, sdp(5_300));
  expect(await acked).toBe(sdp(5_300));
});

test('an INVITE of ours says how long a session lasts, and a longer one where it is asked for', async () => {
  const { link, carrier } = await aLink();
  const call = link.dial({
    ...{ uri: `sip:bob@127.0.0.1:${carrier.port}`, sdp: sdp(), headers: {}, onProvisional: () => {} },
    from: { uri: 'sip:a@b', number: 'a' },
  });
  const invite = await carrier.next(/^INVITE/);
  expect([invite.header('session-expires'), invite.header('supported')]).toEqual([
    '1800',
    expect.stringContaining('timer'),
  ]);
  carrier.send(response(invite, '422 Session Interval Too Small', ['Min-SE: 3600']));
  const longer = await carrier.until(
    ({ startLine, text }) => startLine.startsWith('INVITE') && /^Session-Expires: *3600/im.test(text),
  );
  expect(longer.header('min-se')).toBe('3600');
  carrier.send(response(longer, '422 Session Interval Too Small', ['Min-SE: 7200']));
  expect(await call.result).toMatchObject({ kind: 'failed', status: 422 });
});

test('a caller that knows session timers and asks for none is given ours', async () => {
  const { link: _, carrier, server, nextInvite } = await aLink();
  const came = nextInvite();
  const body = sdp(5_000);
  carrier.send(
    [
      `INVITE sip:+15550100@127.0.0.1:${server.sipPort} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${carrier.port};rport;branch=z9hG4bK${fresh('b')}`,
      ...['From: <sip:a@127.0.0.1>;tag=a', 'To: <sip:+15550100@127.0.0.1>', `Call-ID: ${fresh('c')}`],
      ...['CSeq: 1 INVITE', 'Max-Forwards: 70', 'Supported: 100rel, timer'],
      `Contact: <sip:a@127.0.0.1:${carrier.port}>`,
      ...['Content-Type: application/sdp', `Content-Length: ${body.length}`, '', body],
    ].join('\r\n'),
  );
  const answering: Promise<Dialog> = (await came).answer(sdp(4_000));
  answering.catch(() => undefined);
  expect((await carrier.next(/^SIP\/2\.0 200/)).header('session-expires')).toBe('1800;refresher=uas');
});
