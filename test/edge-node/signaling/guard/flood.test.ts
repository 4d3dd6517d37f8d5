import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { RoutingConfig } from '../../../../contracts/config.ts';
import { systemClock } from '../../../../edge-node/clock.ts';
import { discard } from '../../../../edge-node/signaling/drachtio/discard.ts';
import { connectSipServer } from '../../../../edge-node/signaling/drachtio/link.ts';
import { createSrf, type SrfRequest } from '../../../../edge-node/signaling/drachtio/srf.ts';
import { createQuietLog } from '../../../../edge-node/signaling/guard/quiet-log.ts';
import { createScreen } from '../../../../edge-node/signaling/guard/screen.ts';
import { quick, type ServerUnderTest, serverUnderTest } from '../../../local/sip/server-under-test.ts';

/* These stories run on a real drachtio-server, too, when DRACHTIO_BIN names its program. */

const logger = pino({ level: 'silent' });

/** Sends requests from an address of its own and hears what comes back. */
async function aSender(address: string, { sipPort }: ServerUnderTest) {
  const socket = createSocket('udp4').bind(0, address);
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  const heard = new Map<string, string[]>();
  socket.on('message', (message) => {
    const text = message.toString('latin1');
    const id = /^Call-ID: *(\S+)/im.exec(text)?.[1] ?? '';
    heard.set(id, [...(heard.get(id) ?? []), text.slice(8, 11)]);
  });
  const here = `${address}:${socket.address().port}`;
  const send = (method: string, id: string, userAgent = 'phone') => {
    const lines = [
      `${method} sip:+15550100@127.0.0.1:${sipPort} SIP/2.0`,
      `Via: SIP/2.0/UDP ${here};rport;branch=z9hG4bK-${id}`,
      `From: <sip:x@${here}>;tag=${id}`,
      `To: <sip:+15550100@127.0.0.1>`,
      `Call-ID: ${id}`,
      `CSeq: 1 ${method}`,
      `Contact: <sip:x@${here}>`,
      `User-Agent: ${userAgent}`,
      'Max-Forwards: 70',
      'Content-Length: 0',
    ];
    socket.send(`${lines.join('\r\n')}\r\n\r\n`, sipPort, '127.0.0.1');
  };
  return { send, heard: (id: string) => heard.get(id) ?? [] };
}

/** An edge that answers every INVITE it takes with 486 and every OPTIONS with 200. */
async function anEdge(server: ServerUnderTest, unknownSources: 'discard' | 'forbid') {
  const config = RoutingConfig.parse({
    version: 1,
    trunks: { carrier: { sources: ['127.0.0.1/32'] } },
    numbers: {},
    agents: {},
    guard: { unknownSources, rates: { invite: { perSecond: 1, burst: 5 } } },
  });
  const counted = new Map<string, number>();
  const count = (label: string) => counted.set(label, (counted.get(label) ?? 0) + 1);
  const screen = createScreen({
    isKnown: () => false,
    clock: systemClock,
    snapshot: { current: () => ({ version: 1, config }) },
    log: createQuietLog(logger, systemClock),
    metrics: { turnedAway: (_, reason, outcome) => count(`${reason} ${outcome}`), refused: () => {} },
  });
  const taken: string[] = [];
  const handlers = {
    screen,
    onRegister: () => {},
    onMalformed: () => {},
    onInvite: (invite: { sipCallId: string; refuse(status: number): void }) => {
      taken.push(invite.sipCallId);
      invite.refuse(486);
    },
    onOptions: () => ({ status: 200, headers: {} }) as const,
    onLinkDown: () => {},
  };
  const link = await connectSipServer({ ...server.admin, secret: server.secret }, handlers, logger);
  return { taken, counted, [Symbol.asyncDispose]: () => link[Symbol.asyncDispose]() };
}

const total = (counted: ReadonlyMap<string, number>) =>
  [...counted.values()].reduce((sum, one) => sum + one, 0);
const FLOOD = 5_000;

test('5,000 INVITEs of a stranger are discarded, and the calls of others go on', async () => {
  await using server = await serverUnderTest(quick);
  await using edge = await anEdge(server, 'discard');
  const [stranger, carrier] = [await aSender('127.0.0.9', server), await aSender('127.0.0.1', server)];
  const calls: string[] = [];
  for (let sent = 0; sent < FLOOD; sent += 50) {
    const batch = Array.from({ length: 50 }, (_, index) => `flood-${sent + index}`);
    const unheard = () => batch.filter((id) => stranger.heard(id).length === 0);
    // UDP may lose some on a busy machine: what was not heard is sent again, as a phone does.
    await expect
      .poll(() => {
        for (const id of unheard()) stranger.send('INVITE', id);
        return unheard();
      })
      .toEqual([]);
    if (sent % 500 !== 250) continue;
    calls.push(`call-${sent}`);
    carrier.send('INVITE', `call-${sent}`);
  }
  const unanswered = () => calls.filter((id) => !carrier.heard(id).includes('486'));
  await expect
    .poll(() => {
      for (const id of unanswered()) carrier.send('INVITE', id);
      return unanswered();
    })
    .toEqual([]);
  await expect.poll(() => total(edge.counted)).toBeGreaterThan(FLOOD * 0.9);
  expect(edge.taken.toSorted()).toEqual(calls.toSorted());
  expect(edge.counted.get('over-rate discard')).toBeGreaterThan(FLOOD * 0.8);
  const statuses = new Set(
    Array.from({ length: FLOOD }, (_, index) => stranger.heard(`flood-${index}`)).flat(),
  );
  expect([...statuses]).toEqual(['100']);
  // Nothing of the flood is kept: neither its transactions nor the requests the edge did not answer.
  if (server.stats) await expect.poll(server.stats).toMatchObject({ serverTransactions: 0, unanswered: 0 });
});

test('a stranger hears 403 up to its rate, and then nothing', async () => {
  await using server = await serverUnderTest(quick);
  await using edge = await anEdge(server, 'forbid');
  const stranger = await aSender('127.0.0.9', server);
  for (let sent = 0; sent < 20; sent += 1) stranger.send('INVITE', `call-${sent}`);
  await expect.poll(() => total(edge.counted)).toBe(20);
  const forbidden = edge.counted.get('unknown-source forbid') ?? 0;
  expect(forbidden).toBeGreaterThanOrEqual(5);
  expect(forbidden).toBeLessThan(20);
  await expect.poll(() => stranger.heard('call-0')).toContain('403');
  expect(edge.taken).toEqual([]);
});

test.each(['OPTIONS', 'MESSAGE', 'SUBSCRIBE', 'NOTIFY'])(
  'a scanner hears no answer to %s, others do',
  async (method) => {
    await using server = await serverUnderTest(quick);
    await using edge = await anEdge(server, 'discard');
    const carrier = await aSender('127.0.0.1', server);
    carrier.send(method, 'scan', 'friendly-scanner');
    carrier.send(method, 'asked');
    await expect.poll(() => carrier.heard('asked')).toEqual([method === 'OPTIONS' ? '200' : '405']);
    await expect.poll(() => edge.counted.get('scanner discard')).toBeGreaterThan(0);
    expect(carrier.heard('scan')).toEqual([]);
  },
);

test('an INVITE that is discarded is not remembered', async () => {
  await using server = await serverUnderTest(quick);
  const srf = createSrf();
  const seen: SrfRequest[] = [];
  srf.invite((request) => {
    seen.push(request);
    discard(request);
  });
  srf.connect({ ...server.admin, secret: server.secret });
  await once(srf as never, 'connect');
  using _connection = { [Symbol.dispose]: () => srf.disconnect() };
  (await aSender('127.0.0.9', server)).send('INVITE', 'once');
  await expect.poll(() => seen.length).toBe(1);
  const [request] = seen;
  expect(request?.agent?.mapServer.get(request.socket)?.pendingNetworkInvites.size).toBe(0);
});
