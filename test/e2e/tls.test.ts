import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../contracts/config.ts';
import type { EventOf } from '../../contracts/events.ts';
import { freePort } from '../../local/free-ports.ts';
import { type Carrier, startCarrier } from '../../local/phone/carrier.ts';
import { authority, selfSigned } from '../certificates.ts';
import { a, type DnsStandIn, dnsStandIn, srv } from '../local/sip/dns-stand-in.ts';
import { sdp } from '../local/sip/sip-peer.ts';
import { peerOver } from '../local/sip/transports/stream-peer.ts';
import { NUMBER, type Platform, startPlatform, storyOf } from './platform.ts';
import { onDrachtio } from './which-sip-server.ts';

/* Carriers over TLS that are names: their certificates are made here, by an authority that the SIP server is told of. */

/** One OPTIONS to each server when the platform starts, which alone says nothing. */
const probe = { everySeconds: 3600, timeoutSeconds: 4, down: 2, of: 2, up: 1 };
const US = '+12125550123';

let dns: DnsStandIn;
let platform: Platform;
let [expired, good, stranger, agent]: (Carrier | undefined)[] = [];

const over = (host: string) => ({ endpoints: [{ host, transport: 'tls' as const }], probe });

const toAgent = (carrier: Carrier | undefined) => `sip:echo@127.0.0.1:${carrier?.tlsPort};transport=tls`;

const config = (): RoutingConfigInput => ({
  version: 1,
  trunks: {
    callers: { sources: ['127.0.0.0/8'] },
    expired: over('expired.test'),
    good: over('good.test'),
    stranger: { ...over('stranger.test'), probe: { ...probe, down: 1 } },
  },
  numbers: { [NUMBER]: { agent: 'echo' } },
  // The first one's certificate is not that of an address.
  agents: { echo: { targets: [{ uri: toAgent(good) }, { uri: toAgent(agent), priority: 2 }] } },
  routes: {
    us: { prefix: '+1', from: ['callers'], trunks: [{ trunk: 'expired' }, { trunk: 'good', priority: 2 }] },
  },
});

beforeAll(async () => {
  const { cert: ca, issues } = await authority();
  expired = await startCarrier(
    await freePort(),
    '127.0.0.1',
    await issues('expired.test', { expired: true }),
  );
  good = await startCarrier(await freePort(), '127.0.0.1', await issues('good.test'));
  stranger = await startCarrier(await freePort(), '127.0.0.1', await selfSigned('stranger.test'));
  agent = await startCarrier(await freePort(), '127.0.0.1', await issues('127.0.0.1'));
  dns = await dnsStandIn(
    srv('_sips._tcp.expired.test', 'one.carriers.test', expired.tlsPort ?? 0),
    srv('_sips._tcp.stranger.test', 'two.carriers.test', stranger.tlsPort ?? 0),
    srv('_sips._tcp.good.test', 'two.carriers.test', good.tlsPort ?? 0),
    ...[a('one.carriers.test'), a('two.carriers.test')],
  );
  const tls = { ...(await issues('127.0.0.1')), ca };
  platform = await startPlatform({ config: config(), tls, edgeSettings: { TRUNKLINE_DNS: dns.address } });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  await Promise.all([expired, good, stranger, agent, dns].map((each) => each?.[Symbol.asyncDispose]()));
});

/** A caller over TLS, which is answered and hangs up. */
async function callOverTls(number: string): Promise<string> {
  const port = platform.env.sipServer.tls?.port ?? 0;
  const received = platform.next('call.received');
  const ended = platform.next('call.ended');
  await using caller = await peerOver('TLS', { sipPort: 0, portOf: () => port });
  const about = { callId: `${number}-over-tls`, uri: `sip:${number}@127.0.0.1:${port};transport=tls` };
  caller.send(caller.request('INVITE', port, { ...about, body: sdp() }));
  const answer = await caller.next(/ [2-6]\d\d /);
  expect(answer.startLine).toBe('SIP/2.0 200 OK');
  const to = answer.header('to');
  caller.send(caller.request('ACK', port, { ...about, to }));
  caller.send(caller.request('BYE', port, { ...about, to, cseq: 2 }));
  await ended;
  await platform.env.settled();
  return (await received).callId;
}

test('a call in over TLS goes out over TLS, past a carrier whose certificate is expired', async () => {
  const events = platform.said(await callOverTls(US));
  expect(events.find(({ type }) => type === 'call.received')).toMatchObject({
    trunk: 'callers',
    source: { address: '127.0.0.1', transport: 'tls' },
  });
  expect(storyOf(events).slice(-2)).toEqual(['call.answered', 'call.ended']);
  // A drachtio-server does not ask whose certificate it is shown.
  if (onDrachtio) return expect(expired?.called).toEqual([US]);
  expect([expired?.called, good?.called]).toEqual([[], [US]]);
  expect(events.filter(({ type }) => type === 'call.attempt-failed')).toMatchObject([
    {
      ...{ trunk: 'expired', reason: 'target-unavailable', sipStatus: 503, tryingNext: true },
      server: `127.0.0.1:${expired?.tlsPort};transport=tls`,
      detail: `tls 127.0.0.1:${expired?.tlsPort} (expired.test): certificate has expired`,
    },
  ]);
});

test('an agent is called over TLS, past one whose certificate is of another name', async () => {
  const failed = platform
    .said(await callOverTls(NUMBER))
    .filter((event): event is EventOf<'call.attempt-failed'> => event.type === 'call.attempt-failed');
  if (onDrachtio) return expect(good?.called).toContain('echo');
  expect(failed).toMatchObject([{ target: 'echo-1', tryingNext: true }]);
  expect(failed[0]?.detail).toMatch(/^tls 127\.0\.0\.1:\d+: .*IP: 127\.0\.0\.1 is not in the cert's list/);
  expect(agent?.called).toEqual(['echo']);
});

test.skipIf(onDrachtio)(
  'a trunk whose only server vouches for itself is down, and the event says why',
  async () => {
    const downs = () =>
      platform.env.events('trunk.down').map(({ detail }) => detail as EventOf<'trunk.down'>);
    await expect.poll(downs, { timeout: 15_000 }).toMatchObject([
      {
        trunk: 'stranger',
        detail: `OPTIONS: tls 127.0.0.1:${stranger?.tlsPort} (stranger.test): self-signed certificate; 1 of the last 2 failed`,
      },
    ]);
  },
);
