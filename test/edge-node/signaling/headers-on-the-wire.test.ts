import pino from 'pino';
import { expect, test } from 'vitest';
import { HeaderRules } from '../../../contracts/config/headers.ts';
import { present } from '../../../core/caller-identity.ts';
import { connectSipServer } from '../../../edge-node/signaling/drachtio/link.ts';
import type { IncomingInvite, SipHandlers } from '../../../edge-node/signaling/sip.ts';
import { type ServerUnderTest, serverUnderTest } from '../../local/sip/server-under-test.ts';
import { SipPeer, sdp } from '../../local/sip/sip-peer.ts';

/* These stories run on a real drachtio-server, too, when DRACHTIO_BIN names its program. */

const linkTo = ({ admin, secret }: ServerUnderTest, onInvite: SipHandlers['onInvite'] = () => {}) =>
  connectSipServer(
    { ...admin, secret },
    {
      ...{ screen: () => 'pass', onRegister: () => {}, onMalformed: () => {}, onInvite },
      ...{ onOptions: () => ({ status: 200, headers: {} }), onLinkDown: () => {} },
    },
    pino({ level: 'silent' }),
  );

const party = { uri: 'sip:+15550199@192.0.2.1', number: '+15550199', displayName: 'Bob' };
const host = 'carrier.example';

test('what a carrier is told of a hidden caller names the caller nowhere', async () => {
  await using server = await serverUnderTest();
  await using link = await linkTo(server);
  await using carrier = await SipPeer.udp(server.sipPort);
  const presented = present({ identity: { party, hidden: true }, rules: undefined, host });
  const call = link.dial({
    ...{ uri: `sip:bob@127.0.0.1:${carrier.port}`, sdp: sdp(), onProvisional: () => {} },
    ...presented,
  });
  const invite = await carrier.next(/^INVITE/);
  expect(invite.header('from')).toMatch(/^"Anonymous" <sip:anonymous@anonymous\.invalid>;tag=/);
  expect(invite.header('privacy')).toBe('id');
  expect(invite.text).not.toContain('5550199');
  call.cancel();
});

test('headers by which a carrier is told who calls, and those that go on, stand in the INVITE as they are', async () => {
  await using server = await serverUnderTest();
  await using link = await linkTo(server);
  await using carrier = await SipPeer.udp(server.sipPort);
  const rules = HeaderRules.parse({
    ...{ from: { host: 'pbx.example.com' }, assertedIdentity: 'send', remotePartyId: 'send' },
  });
  const { from, headers } = present({ identity: { party, hidden: false }, rules, host });
  const call = link.dial({
    ...{ uri: `sip:bob@127.0.0.1:${carrier.port}`, sdp: sdp(), onProvisional: () => {}, from },
    headers: { ...headers, 'X-Account': '42', Diversion: '<sip:+1555@x>;reason=no-answer' },
  });
  const invite = await carrier.next(/^INVITE/);
  const address = '"Bob" <sip:+15550199@pbx.example.com>';
  expect(invite.header('from')).toMatch(/^"Bob" <sip:\+15550199@pbx\.example\.com>;tag=/);
  expect(invite.header('p-asserted-identity')).toBe(address);
  expect(invite.header('remote-party-id').replaceAll(' ', '')).toBe(
    `${address};party=calling;screen=yes;privacy=off`.replaceAll(' ', ''),
  );
  expect([invite.header('x-account'), invite.header('diversion')]).toEqual([
    '42',
    '<sip:+1555@x>;reason=no-answer',
  ]);
  call.cancel();
});

test('headers of a call that comes in are all there, several of one name joined', async () => {
  await using server = await serverUnderTest();
  const came: IncomingInvite[] = [];
  await using _ = await linkTo(server, (invite) => {
    came.push(invite);
    invite.refuse(486);
  });
  await using carrier = await SipPeer.udp(server.sipPort);
  const lines = [
    `INVITE sip:+15550100@127.0.0.1:${server.sipPort} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${carrier.port};rport;branch=z9hG4bK-headers`,
    'From: <sip:a@127.0.0.1>;tag=a',
    'To: <sip:+15550100@127.0.0.1>',
    'Call-ID: headers',
    'CSeq: 1 INVITE',
    `Contact: <sip:a@127.0.0.1:${carrier.port}>`,
    'Max-Forwards: 70',
    'P-Asserted-Identity: <sip:+15550111@carrier.example>',
    'P-Asserted-Identity: <tel:+15550111>',
    'Privacy: id',
    'x-aCCount: 42',
    'Content-Length: 0',
  ];
  carrier.send(`${lines.join('\r\n')}\r\n\r\n`);
  await carrier.next(/^SIP\/2.0 486/);
  expect(came[0]?.headers).toMatchObject({ privacy: 'id', 'x-account': '42' });
  expect(came[0]?.headers['p-asserted-identity']).toMatch(/^<sip:\+15550111@carrier\.example>/);
});
