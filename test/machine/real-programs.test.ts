import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ports } from '../../contracts/fleet-ports.ts';
import { MachinePlan, type Seat } from '../../contracts/machine-plan.ts';
import { systemClock } from '../../edge-node/clock.ts';
import { startMediaPool } from '../../edge-node/media/pool.ts';
import { readSettings } from '../../edge-node/settings.ts';
import { edgePlan, mediaPlan } from '../../lib/fleet/plans.ts';
import { type Peer, startPeer } from '../../local/child-process.ts';
import { freePort, mediaPortRange } from '../../local/free-ports.ts';
import { writeSeatFiles } from '../../machine/seat-files.ts';
import { engineWorker } from '../../machine/workers.ts';
import { noMetrics } from '../edge-node/media/no-metrics.ts';
import { aFolder } from '../local/stand-in.ts';

const host = '127.0.0.1';
const startScript = fileURLToPath(new URL('../../images/rtpengine/start.sh', import.meta.url));

const seat = (index: number, privateAddress: string): Seat => ({
  edge: 'edge-1',
  index,
  zone: 'zone-a',
  eni: `eni-${index}`,
  privateAddress,
  publicAddress: '198.51.100.7',
});
const seats = { edges: [seat(0, '10.84.0.10')], media: [seat(0, host), seat(1, '10.84.0.21')] };

const shared = { region: 'eu-central-1', prefix: 'phones', group: 'phones-edges', drainSeconds: 3_600 };
const plans = {
  edge: edgePlan(shared, seats, {
    edges: [
      {
        edgeId: 'edge-1',
        role: 'arn:aws:iam::1:role/edge-1',
      },
    ],
    names: {
      bus: 'phones',
      queues: 'https://sqs.eu-central-1.amazonaws.com/1/phones-to-',
      configTable: 'config',
      fleetTable: 'fleet',
      registrationsTable: 'registrations',
    },
    secrets: { sipServer: 'sip-server' },
  }),
  media: mediaPlan(shared, seats),
};

let folder: Awaited<ReturnType<typeof aFolder>>;
beforeAll(async () => {
  folder = await aFolder();
});
afterAll(() => folder?.[Symbol.asyncDispose]());

/** What the machine on this seat writes for its container, read as `docker run --env-file` does. */
async function environmentOn(plan: MachinePlan, on: Seat, file: string): Promise<Record<string, string>> {
  const secrets = { read: async () => 'a-secret-of-the-sip-server' };
  // As it arrives on a machine: through the file that the stack writes.
  const told = MachinePlan.parse(JSON.parse(JSON.stringify(plan)));
  await writeSeatFiles(told, on, secrets, folder.path);
  const lines = (await readFile(join(folder.path, file), 'utf8')).trimEnd().split('\n');
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

let settingsOfEdge: ReturnType<typeof readSettings>;
beforeAll(async () => {
  settingsOfEdge = readSettings(await environmentOn(plans.edge, seats.edges[0] as Seat, 'edge.env'));
});

test('what the stack plans and the machine writes is an environment that an edge starts with', () => {
  expect(settingsOfEdge).toMatchObject({
    edgeId: 'edge-1',
    region: 'eu-central-1',
    busName: 'phones',
    queueUrl: 'https://sqs.eu-central-1.amazonaws.com/1/phones-to-edge-1',
    configTable: 'config',
    fleetTable: 'fleet',
    registrationsTable: 'registrations',
    http: { host, port: ports.edgeHttp },
    drainSeconds: 3_580,
    emf: { everyMs: 60_000, fleet: 'phones' },
    sipServer: { host, port: ports.sipServerAdmin, secret: 'a-secret-of-the-sip-server' },
    media: {
      engines: [{ ng: { host, port: ports.ng } }, { ng: { host: '10.84.0.21', port: ports.ng } }],
      dtmfListen: { host: '10.84.0.10', port: ports.digits },
      b2bListen: { host: '10.84.0.10', port: ports.lostCalls },
    },
  });
});

/** Free ports in the place of the fleet's: other rtpengines run on this machine, too. */
async function withFreePorts(env: Record<string, string>) {
  const [ng, control, http] = await Promise.all([freePort(), freePort(), freePort()]);
  const { min, max } = mediaPortRange();
  const own = { NG_PORT: ng, CONTROL_PORT: control, HTTP_PORT: http, RTP_FROM: min, RTP_TO: max };
  // A name that is misspelt here, or that the machine does not write, would hide that the script lacks it.
  for (const name of Object.keys(own)) expect(env).toHaveProperty(name);
  const words = Object.entries(own).map(([name, port]) => [name, String(port)]);
  return { ng, control, http, env: { ...env, ...Object.fromEntries(words) } as Record<string, string> };
}

type Words = Readonly<Record<string, string | readonly string[]>>;
const text = (word: string) => `${word.length}:${word}`;
const bencoded = (words: Words) =>
  `d${Object.entries(words)
    .flatMap(([key, value]) => [
      text(key),
      typeof value === 'string' ? text(value) : `l${value.map(text).join('')}e`,
    ])
    .join('')}e`;

/**
 * An order in rtpengine's ng protocol, repeated until it is answered: UDP promises nothing. By its cookie rtpengine knows a
 * repeated order from another one.
 */
async function order(port: number, words: Words): Promise<string> {
  const message = `${randomUUID()} ${bencoded(words)}`;
  const socket = createSocket('udp4');
  const send = () => socket.send(message, port, host);
  socket.on('error', () => undefined);
  const again = setInterval(send, 500);
  try {
    send();
    const [answer] = (await once(socket, 'message')) as [Buffer];
    return answer.toString('latin1');
  } finally {
    clearInterval(again);
    socket.close();
  }
}

/** A word at the control port, as rtpengine-ctl says it. */
async function control(port: number, word: string): Promise<void> {
  const socket = connect({ host, port });
  socket.end(`${word}\n`);
  socket.resume();
  await once(socket, 'close');
}

const sdp = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 9000 RTP/AVP 8',
  '',
].join('\r\n');
const anOffer = (call: string) => ({ command: 'offer', sdp, 'call-id': call, 'from-tag': 'a' });

describe('the real rtpengine, started as its image starts it', () => {
  let peer: Peer | undefined;
  let on: Awaited<ReturnType<typeof withFreePorts>>;
  let worker: ReturnType<typeof engineWorker>;

  const isUp = async (started: Peer) => {
    let hasEnded = false;
    void started.ended.then(() => {
      hasEnded = true;
    });
    const known = async () => expect(hasEnded || (await worker.ready())).toBe(true);
    await vi.waitFor(known, { timeout: 20_000, interval: 50 });
    return !hasEnded;
  };

  beforeAll(async () => {
    const written = await environmentOn(plans.media, seats.media[0] as Seat, 'rtpengine.env');
    // A port may be taken between our look and rtpengine's bind.
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      on = await withFreePorts(written);
      worker = engineWorker({ http: on.http, control: on.control });
      peer = await startPeer('sh', [startScript], { package: 'dash', env: on.env });
      if (await isUp(peer)) return;
    }
    throw new Error(`rtpengine does not start as its image starts it; it said:\n${peer?.tail()}`);
  });
  afterAll(() => peer?.[Symbol.asyncDispose]());

  test('offers the public address of its seat, and the private one to whom the edge says is inside', async () => {
    const { interfaces } = settingsOfEdge.media.engines[0] ?? {};
    expect(interfaces).toEqual({ outside: 'pub', inside: 'priv' });
    const inward = await order(on.ng, {
      ...anOffer('inward'),
      direction: [interfaces?.outside ?? '', interfaces?.inside ?? ''],
    });
    expect(inward).toContain(`c=IN IP4 ${host}`);
    await order(on.ng, { command: 'delete', 'call-id': 'inward', 'from-tag': 'a', 'delete-delay': '0' });
    const answer = await order(on.ng, anOffer('first'));
    expect(answer).toContain('result2:ok');
    expect(answer).toContain('c=IN IP4 198.51.100.7');
    await expect.poll(() => worker.idle()).toBe(false);
  });

  test('takes no new calls once the machine drains it, and is idle when the last one has ended', async () => {
    await worker.drain();
    expect(await order(on.ng, anOffer('second'))).toContain('session limit reached');
    // A call that is up may still change.
    expect(await order(on.ng, anOffer('first'))).toContain('result2:ok');
    expect(await worker.idle()).toBe(false);
    await order(on.ng, { command: 'delete', 'call-id': 'first', 'from-tag': 'a', 'delete-delay': '0' });
    await expect.poll(() => worker.idle()).toBe(true);
  });

  test('is taken by its edge for one without room while it is drained, which is ready again when it has room', async () => {
    const media = {
      engines: [{ ng: { host, port: on.ng } }],
      dtmfListen: { host, port: 0 },
      b2bListen: { host, port: await freePort() },
    };
    const logger = pino({ level: 'silent' });
    await using pool = await startMediaPool(media, { clock: systemClock, metrics: noMetrics, logger });
    await worker.drain();
    expect(pool.healthy()).toBe(true);
    await expect(pool.session('third').offer({ sdp, from: 'a' })).rejects.toMatchObject({ kind: 'refused' });
    expect(pool.healthy()).toBe(false);
    expect(pool.engines()).toMatchObject([{ state: 'up', full: true }]);

    await control(on.control, 'set maxsessions -1');
    await expect.poll(() => pool.healthy()).toBe(true);
    expect(await pool.session('fourth').offer({ sdp, from: 'a' })).toContain('c=IN IP4 198.51.100.7');
    await pool.session('fourth').end();
    await order(on.ng, { command: 'delete', 'call-id': 'fourth' });
    // Nothing is left there of the question whether there is room.
    await expect.poll(() => worker.idle()).toBe(true);
  });
});
