import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MachinePlan, type Seat } from '../../contracts/machine-plan.ts';
import { readSettings } from '../../edge-node/settings.ts';
import { readSettings as readGatewaySettings } from '../../gateway/settings.ts';
import type { Worker } from '../../machine/ports.ts';
import { serviceWorker } from '../../machine/workers.ts';
import { heardLogger } from '../edge-node/heard-logger.ts';
import { type AwsStandIn, startAws } from './aws-stand-in.ts';
import { bootMachine } from './boot-machine.ts';

const aSeat = (edge: string, zone = 'zone-a', index = 0): Seat => ({
  edge,
  index,
  zone,
  eni: `eni-${edge}-${index}`,
  privateAddress: '127.0.0.1',
  publicAddress: '198.51.100.7',
});

const shared = {
  region: 'local-1',
  prefix: 'trunkline',
  group: 'trunkline-edges',
  hooks: { launch: 'ready-for-calls', terminate: 'calls-have-ended' },
  drainSeconds: 60,
};

const anEdgePlan = (seats: Seat[], more: object = {}): MachinePlan => ({
  role: 'edge',
  ...shared,
  seats,
  environment: {
    AWS_REGION: 'local-1',
    TRUNKLINE_BUS: 'trunkline',
    TRUNKLINE_CONFIG_TABLE: 'config',
    TRUNKLINE_FLEET_TABLE: 'fleet',
    TRUNKLINE_REGISTRATIONS_TABLE: 'registrations',
    TRUNKLINE_DATA_DIR: '/var/lib/trunkline',
  },
  byEdge: Object.fromEntries(
    seats.map(({ edge }) => [edge, { role: `arn:role/${edge}`, engines: '10.0.0.5:22222' }]),
  ),
  queues: 'https://sqs.example/',
  secrets: { sipServer: 'sip-server', tls: 'certificate' },
  ...more,
});

let aws: AwsStandIn;
let folder: string;
beforeEach(async () => {
  aws = await startAws({ 'i-1': 'zone-a', 'i-2': 'zone-a', 'i-3': 'zone-b' });
  aws.secrets['sip-server'] = 'a-secret-of-the-sip-server';
  aws.secrets['certificate'] = JSON.stringify({ cert: 'CERT', key: 'KEY' });
  folder = await mkdtemp(join(tmpdir(), 'trunkline-machine-'));
  vi.stubEnv('AWS_ENDPOINT_URL', aws.url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await aws[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** A worker whose calls end when the test says so. */
const aWorker = () => {
  const state = { drained: 0, isReady: true, isIdle: false };
  const worker: Worker = {
    ready: async () => state.isReady,
    drain: async () => {
      state.drained += 1;
    },
    idle: async () => state.isIdle,
  };
  return { state, worker };
};

const boot = (id: string, plan: MachinePlan, worker: Worker, logger = pino({ level: 'silent' })) =>
  bootMachine({
    ...{ aws, id, plan, folder, worker, logger },
    hasAddress: (address) => address === '127.0.0.1',
  });

const launched = (id: string) => `CompleteLifecycleAction ${id} ready-for-calls CONTINUE`;
const left = (id: string) => `CompleteLifecycleAction ${id} calls-have-ended CONTINUE`;

/** The whole life of machines that are told to leave once all of them take calls. */
async function live(ids: readonly string[], plan: MachinePlan, worker: () => Worker) {
  const lives = ids.map((id) => boot(id, plan, worker()));
  await expect.poll(() => aws.told).toEqual(expect.arrayContaining(ids.map(launched)));
  aws.target = 'Terminated';
  await Promise.all(lives);
}

const isThere = (name: string) =>
  stat(join(folder, name)).then(
    () => true,
    () => false,
  );

/** As `docker run --env-file` reads it. */
async function environmentIn(name: string): Promise<Record<string, string>> {
  const lines = (await readFile(join(folder, name), 'utf8')).trim().split('\n');
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

describe('a machine', () => {
  test('takes a seat, tells systemd, takes calls once it is ready, and leaves once they have ended', async () => {
    const { state, worker } = aWorker();
    state.isReady = false;
    const life = boot('i-1', anEdgePlan([aSeat('edge-1')]), worker);
    await expect.poll(() => isThere('seated')).toBe(true);
    expect(Object.fromEntries(aws.attached)).toEqual({ 'eni-edge-1-0': 'i-1' });
    expect(aws.told).toEqual([]);

    state.isReady = true;
    await expect.poll(() => isThere('in-service')).toBe(true);
    expect(aws.told).toEqual([launched('i-1')]);
    expect(state.drained).toBe(0);

    aws.target = 'Terminated';
    const wait = 'RecordLifecycleActionHeartbeat i-1 calls-have-ended';
    await expect.poll(() => aws.told.filter((each) => each === wait).length).toBeGreaterThan(1);
    expect(state.drained).toBeGreaterThan(0);
    expect(aws.told).not.toContain(left('i-1'));

    state.isIdle = true;
    await life;
    expect(aws.told.at(-1)).toBe(left('i-1'));
  });

  test('whose calls outlast the drain leaves all the same', async () => {
    const { worker } = aWorker();
    await live(['i-1'], anEdgePlan([aSeat('edge-1')], { drainSeconds: 0 }), () => worker);
    expect(aws.told.at(-1)).toBe(left('i-1'));
  });

  test('whose program starts anew while its calls end goes on with the drain, and waits for no worker', async () => {
    aws.target = 'Terminated';
    aws.attached.set('eni-edge-1-0', 'i-1');
    // Its secrets may be gone by now.
    delete aws.secrets['sip-server'];
    const { state, worker } = aWorker();
    state.isReady = false;
    const life = boot('i-1', anEdgePlan([aSeat('edge-1')]), worker);
    await expect.poll(() => state.drained).toBeGreaterThan(0);
    state.isIdle = true;
    await life;
    expect(aws.told).not.toContain(launched('i-1'));
    expect(aws.told.at(-1)).toBe(left('i-1'));
  });

  test('that is unwanted before it has a seat leaves at once', async () => {
    aws.attached.set('eni-edge-1-0', 'i-old');
    const { worker } = aWorker();
    const life = boot('i-1', anEdgePlan([aSeat('edge-1')]), worker);
    await expect.poll(() => aws.told).toContain('RecordLifecycleActionHeartbeat i-1 ready-for-calls');
    aws.target = 'Terminated';
    await life;
    expect(aws.told.at(-1)).toBe(left('i-1'));
  });

  test('tells the group of its start and of its end until the group hears it', async () => {
    const { state, worker } = aWorker();
    const times = (what: string) => aws.told.filter((each) => each === what).length;
    aws.failingActions.add('CompleteLifecycleAction');
    const life = boot('i-1', anEdgePlan([aSeat('edge-1')]), worker);
    await expect.poll(() => times(launched('i-1'))).toBeGreaterThan(1);
    expect(await isThere('in-service')).toBe(false);
    aws.failingActions.clear();
    await expect.poll(() => isThere('in-service')).toBe(true);

    aws.failingActions.add('CompleteLifecycleAction');
    aws.target = 'Terminated';
    state.isIdle = true;
    await expect.poll(() => times(left('i-1'))).toBeGreaterThan(1);
    aws.failingActions.clear();
    await life;
    expect(aws.over).toContain('i-1 calls-have-ended');
  });

  test('whose program starts anew in service does not wait for a launch that is over', async () => {
    aws.attached.set('eni-edge-1-0', 'i-1');
    aws.over.add('i-1 ready-for-calls');
    const { state, worker } = aWorker();
    state.isIdle = true;
    await live(['i-1'], anEdgePlan([aSeat('edge-1')]), () => worker);
    expect(await isThere('in-service')).toBe(true);
  });

  test('writes an environment with which the edge starts, for the eyes of root alone', async () => {
    const { state, worker } = aWorker();
    state.isIdle = true;
    await live(['i-1'], anEdgePlan([aSeat('edge-1')]), () => worker);
    expect(readSettings(await environmentIn('edge.env'))).toMatchObject({
      edgeId: 'edge-1',
      queueUrl: 'https://sqs.example/edge-1',
      sipServer: { port: 9022, secret: 'a-secret-of-the-sip-server' },
    });
    const config = await readFile(join(folder, 'drachtio.conf.xml'), 'utf8');
    expect(config).toContain(
      '<contact external-ip="198.51.100.7">sip:127.0.0.1:5060;transport=udp,tcp</contact>',
    );
    expect(config).toContain('sips:127.0.0.1:5061');
    for (const name of ['edge.env', 'aws-config', 'drachtio.conf.xml', 'sip-key.pem']) {
      expect(`${name} ${((await stat(join(folder, name))).mode & 0o777).toString(8)}`).toBe(`${name} 600`);
    }
  });

  test('of a gateway writes an environment with which that starts, on a seat without a public address', async () => {
    aws.secrets['token'] = 'a-token-that-edges-show';
    const { state, worker } = aWorker();
    state.isIdle = true;
    const { publicAddress: _, ...seat } = aSeat('gateway-1');
    const plan: MachinePlan = MachinePlan.parse({
      ...{ role: 'gateway', ...shared, group: 'trunkline-gateways', seats: [seat] },
      environment: { GATEWAY_MAX_SESSIONS: '150', GATEWAY_DRAIN_SECONDS: '1780', GATEWAY_EMF_MS: '60000' },
      secrets: { token: 'token' },
    });
    await live(['i-1'], plan, () => worker);
    expect(readGatewaySettings(await environmentIn('gateway.env'))).toMatchObject({
      http: { host: '0.0.0.0', port: 8090 },
      ...{ token: 'a-token-that-edges-show', maxSessions: 150, drainSeconds: 1_780 },
      emf: { everyMs: 60_000, gateway: 'gateway-1' },
      media: { address: '127.0.0.1', ports: { min: 10_000, max: 29_999 }, allowPrivate: false },
    });
    expect((await stat(join(folder, 'gateway.env'))).mode & 0o777).toBe(0o600);
    expect(aws.told.at(-1)).toBe(left('i-1'));
  });

  test('of an edge shows gateways the token that they ask for', async () => {
    aws.secrets['token'] = 'a-token-that-edges-show';
    const { state, worker } = aWorker();
    state.isIdle = true;
    const plan = anEdgePlan([aSeat('edge-1')], { secrets: { sipServer: 'sip-server', gateways: 'token' } });
    await live(['i-1'], plan, () => worker);
    expect(readSettings(await environmentIn('edge.env')).gateways.token).toBe('a-token-that-edges-show');
  });

  test('does not start calls with a certificate that is none, and says nothing of what the secret holds', async () => {
    aws.secrets['certificate'] = 'PRIVATE KEY';
    const { state, worker } = aWorker();
    const { logger, lines } = heardLogger();
    const life = boot('i-1', anEdgePlan([aSeat('edge-1')]), worker, logger);
    const reasons = () => lines.map(({ reason }) => reason);
    const reason = 'the secret of the certificate must be JSON with the PEM texts "cert" and "key"';
    await expect.poll(reasons).toContain(reason);
    expect(JSON.stringify(lines)).not.toContain('PRIVATE KEY');
    expect(await isThere('seated')).toBe(false);
    aws.target = 'Terminated';
    state.isIdle = true;
    await life;
  });

  test('names a secret that there is not, and how to make it, and goes on once it is there', async () => {
    delete aws.secrets['certificate'];
    const { state, worker } = aWorker();
    state.isIdle = true;
    const { logger, lines } = heardLogger();
    const life = boot('i-1', anEdgePlan([aSeat('edge-1')]), worker, logger);
    const make = 'aws secretsmanager create-secret --name certificate --secret-string ...';
    await expect
      .poll(() => lines.map(({ reason }) => reason))
      .toContain(`the secret certificate does not exist: ${make}`);
    expect(await isThere('seated')).toBe(false);
    aws.secrets['certificate'] = JSON.stringify({ cert: 'CERT', key: 'KEY' });
    await expect.poll(() => isThere('in-service')).toBe(true);
    aws.target = 'Terminated';
    await life;
  });
});

describe('seats', () => {
  const leaving = () => {
    const { state, worker } = aWorker();
    state.isIdle = true;
    return worker;
  };

  test('are taken by one machine each, however many ask at once', async () => {
    await live(['i-1', 'i-2'], anEdgePlan([aSeat('edge-1'), aSeat('edge-2')]), leaving);
    expect([...aws.attached.keys()].sort()).toEqual(['eni-edge-1-0', 'eni-edge-2-0']);
    expect([...aws.attached.values()].sort()).toEqual(['i-1', 'i-2']);
  });

  test('of another zone are left alone', async () => {
    await live(['i-3'], anEdgePlan([aSeat('edge-1'), aSeat('edge-2', 'zone-b')]), leaving);
    expect(Object.fromEntries(aws.attached)).toEqual({ 'eni-edge-2-0': 'i-3' });
  });

  test('that are all taken are waited for, and the group is asked for patience', async () => {
    aws.attached.set('eni-edge-1-0', 'i-old');
    const life = live(['i-1'], anEdgePlan([aSeat('edge-1')]), leaving);
    await expect.poll(() => aws.told).toContain('RecordLifecycleActionHeartbeat i-1 ready-for-calls');
    expect(await isThere('seated')).toBe(false);
    aws.attached.delete('eni-edge-1-0');
    await life;
    expect(aws.attached.get('eni-edge-1-0')).toBe('i-1');
  });

  test('are kept by a machine whose program starts anew', async () => {
    aws.attached.set('eni-edge-2-0', 'i-1');
    await live(['i-1'], anEdgePlan([aSeat('edge-1'), aSeat('edge-2')]), leaving);
    expect(Object.fromEntries(aws.attached)).toEqual({ 'eni-edge-2-0': 'i-1' });
  });

  test('are found while EC2 asks for fewer requests and the metadata service is slow', async () => {
    aws.failing = { code: 'RequestLimitExceeded', times: 2 };
    aws.metadataDelayMs = 50;
    await live(['i-1'], anEdgePlan([aSeat('edge-1')]), leaving);
    expect(aws.attached.get('eni-edge-1-0')).toBe('i-1');
  });

  test('of rtpengines are told of the edge that they belong to', async () => {
    const plan: MachinePlan = {
      ...shared,
      role: 'media',
      seats: [aSeat('edge-1')],
      edges: { 'edge-1': '10.0.0.4' },
    };
    await live(['i-1'], plan, leaving);
    expect(await readFile(join(folder, 'rtpengine.env'), 'utf8')).toContain('EDGE_ADDRESS=10.0.0.4\n');
  });
});

test('an edge or a gateway is drained by systemd: one file asks, another one tells', async () => {
  const worker = serviceWorker(folder, 'http://127.0.0.1:1');
  expect([await worker.ready(), await worker.idle()]).toEqual([false, false]);
  await worker.drain();
  expect(await isThere('drain')).toBe(true);
  await writeFile(join(folder, 'drained'), '');
  expect(await worker.idle()).toBe(true);
});
