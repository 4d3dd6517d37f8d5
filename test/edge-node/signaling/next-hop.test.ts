import pino from 'pino';
import { expect, test } from 'vitest';
import { connectSipServer } from '../../../edge-node/signaling/drachtio/link.ts';
import { quick, type ServerUnderTest, serverUnderTest } from '../../local/sip/server-under-test.ts';
import { SipPeer, sdp } from '../../local/sip/sip-peer.ts';

/* These stories run on a real drachtio-server, too, when DRACHTIO_BIN names its program. */

const linkTo = ({ admin, secret }: ServerUnderTest) =>
  connectSipServer(
    { ...admin, secret },
    {
      screen: () => 'pass',
      onRegister: () => {},
      onMalformed: () => {},
      onInvite: () => {},
      onOptions: () => ({ status: 200, headers: {} }),
      onLinkDown: () => {},
    },
    pino({ level: 'silent' }),
  );

const toBob = (port: number, nextHop = `sip:127.0.0.1:${port};transport=udp`) => ({
  ...{ uri: 'sip:bob@carrier.invalid', nextHop, sdp: sdp(), headers: {} },
  from: { uri: 'sip:alice@192.0.2.1', number: 'alice' },
  onProvisional: () => {},
});

test('an INVITE goes to the server that was chosen and keeps the name that was called, as do ACK and BYE', async () => {
  await using server = await serverUnderTest();
  await using link = await linkTo(server);
  await using carrier = await SipPeer.udp(server.sipPort);
  const call = link.dial(toBob(carrier.port));
  const invite = await carrier.next(/^INVITE/);
  expect(invite.startLine).toBe('INVITE sip:bob@carrier.invalid SIP/2.0');
  expect(invite.header('route')).toBe('');
  expect(invite.header('to')).toContain('sip:bob@carrier.invalid');
  carrier.reply(invite, '200 OK', { body: sdp(4002) });
  const answer = await call.result;
  if (answer.kind !== 'answered') throw new Error(answer.detail);
  const dialog = await answer.accept();
  await carrier.next(/^ACK/);
  const gone = dialog.bye();
  carrier.reply(await carrier.next(/^BYE/), '200 OK');
  await gone;
});

test('a name beside the address is what a certificate has to be valid for, not where the INVITE goes', async () => {
  await using server = await serverUnderTest();
  await using link = await linkTo(server);
  await using carrier = await SipPeer.tcp(server.sipPort);
  const call = link.dial(
    toBob(carrier.port, `sip:carrier.invalid:${carrier.port};transport=tcp;maddr=127.0.0.1`),
  );
  const invite = await carrier.next(/^INVITE sip:bob@carrier.invalid SIP/);
  carrier.reply(invite, '486 Busy Here');
  expect(await call.result).toMatchObject({ kind: 'failed', status: 486 });
});

test('OPTIONS go to the server that was chosen, too', async () => {
  await using server = await serverUnderTest();
  await using link = await linkTo(server);
  await using carrier = await SipPeer.udp(server.sipPort);
  const heard = link.request({
    ...{ method: 'OPTIONS', uri: 'sip:ping@carrier.invalid', timeoutMs: 5_000 },
    nextHop: `sip:127.0.0.1:${carrier.port};transport=udp`,
  });
  carrier.reply(await carrier.next(/^OPTIONS sip:ping@carrier.invalid SIP/), '405 Method Not Allowed');
  expect(await heard).toMatchObject({ status: 405 });
});

test('a refusal tells how long the target wants to be left alone', async () => {
  await using server = await serverUnderTest();
  await using link = await linkTo(server);
  await using carrier = await SipPeer.udp(server.sipPort);
  const call = link.dial(toBob(carrier.port));
  carrier.reply(await carrier.next(/^INVITE/), '503 Service Unavailable', {
    headers: ['Retry-After: 18000;duration=3600'],
  });
  const refused = await call.result;
  expect(refused).toMatchObject({ kind: 'failed', status: 503, retryAfterSeconds: 18_000 });
  expect(refused).not.toHaveProperty('unheard');
});

test('silence and a dead port are told from what a target said', async () => {
  await using server = await serverUnderTest(quick);
  await using link = await linkTo(server);
  await using silent = await SipPeer.udp(server.sipPort);
  const dead = await SipPeer.udp(server.sipPort);
  await dead[Symbol.asyncDispose]();
  const results = await Promise.all([
    link.dial(toBob(silent.port)).result,
    link.dial(toBob(dead.port)).result,
  ]);
  expect(results).toMatchObject([
    { kind: 'failed', status: 408, unheard: 'silence' },
    { kind: 'failed', status: 503, unheard: 'transport' },
  ]);
});

test('an INVITE that the SIP server cannot send at all was not heard by anybody', async () => {
  await using server = await serverUnderTest();
  await using link = await linkTo(server);
  const { result } = link.dial(toBob(0, 'sip:127.0.0.1:5061;transport=wss'));
  expect(await result).toMatchObject({ kind: 'failed', status: 503, unheard: 'transport' });
});
