import pino from 'pino';
import { expect, test } from 'vitest';
import { connectSipServer } from '../../../edge-node/signaling/drachtio/link.ts';
import { sdpIn } from '../../../edge-node/signaling/drachtio/sdp-body.ts';
import { serverUnderTest } from '../../local/sip/server-under-test.ts';
import { SipPeer, sdp } from '../../local/sip/sip-peer.ts';

const body = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n';

test.each([
  ['application/sdp', body, body],
  ['Application/SDP;charset=utf-8', body, body],
  [undefined, body, body],
  ['', 'v=0\no=- 1 1 IN IP4 192.0.2.1\n', 'v=0\no=- 1 1 IN IP4 192.0.2.1\n'],
  ['application/isup', body, undefined],
  [undefined, 'Signal=5\r\nDuration=160\r\n', undefined],
  [undefined, 'v=1\r\n', undefined],
  [undefined, '', undefined],
])(
  'a body of type %j is an SDP where it is called one, or is called nothing and begins as one',
  (type, text, is) => {
    expect(sdpIn({ get: () => type, body: text })).toBe(is);
  },
);

test('a 183 without a Content-Type is early media all the same', async () => {
  await using server = await serverUnderTest();
  const handlers = {
    ...{ screen: () => 'pass' as const, onInvite: () => {}, onRegister: () => {}, onMalformed: () => {} },
    ...{ onOptions: () => ({ status: 200 as const, headers: {} }), onLinkDown: () => {} },
  };
  await using link = await connectSipServer(
    { ...server.admin, secret: server.secret },
    handlers,
    pino({ level: 'silent' }),
  );
  await using agent = await SipPeer.udp(server.sipPort);
  const heard = new Promise<string | undefined>((resolve) => {
    const call = link.dial({
      ...{ uri: `sip:agent@127.0.0.1:${agent.port}`, sdp: sdp(), headers: {} },
      from: { uri: 'sip:+15550199@192.0.2.1', number: '+15550199' },
      onProvisional: (_status, early) => resolve(early),
    });
    void call.result;
  });
  const invite = await agent.next(/^INVITE/);
  const early = sdp(4_002);
  agent.send(
    [
      'SIP/2.0 183 Session Progress',
      ...['via', 'from', 'call-id', 'cseq'].map((name) => `${name}: ${invite.header(name)}`),
      `To: ${invite.header('to')};tag=agent`,
      ...[`Contact: ${agent.contact}`, `Content-Length: ${early.length}`, '', early],
    ].join('\r\n'),
  );
  expect(await heard).toBe(early);
});
