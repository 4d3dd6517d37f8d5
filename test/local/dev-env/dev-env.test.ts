import { existsSync } from 'node:fs';
import { readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../../contracts/config.ts';
import type { TrunklineEvent } from '../../../contracts/events.ts';
import { findProgram } from '../../../local/child-process.ts';
import { DevEnv, type DevEnvOptions } from '../../../local/dev-env.ts';
import { isFree } from '../ports.ts';
import { aFolder, withEnvironment } from '../stand-in.ts';

const config: RoutingConfigInput = {
  version: 1,
  trunks: { carrier: { sources: ['127.0.0.0/8'] } },
  numbers: { '+15550100': { agent: 'echo' } },
  agents: { echo: { targets: [{ uri: 'sip:echo@127.0.0.1:9' }], policy: 'plain' } },
  policies: { plain: {} },
};

const boot = (options: Partial<DevEnvOptions> = {}) =>
  DevEnv.create({ config, sipServer: 'embedded', ...options });

const ready = async ({ edge }: Pick<DevEnv, 'edge'>) =>
  (await fetch(`http://127.0.0.1:${edge.http.port}/ready`)).status;

describe('the platform on this machine', () => {
  test('tells each part as it stands, is ready then, and leaves nothing behind', async () => {
    await using temporary = await aFolder();
    using _ = withEnvironment({ TMPDIR: temporary.path });
    const steps: string[] = [];
    const env = await boot({ onStep: (step) => steps.push(step) });
    expect(steps).toEqual([
      'template synthesized',
      'local cloud booted from the template',
      'configuration pushed',
      'rtpengine started',
      'SIP server started',
      'edge started',
    ]);
    expect(await ready(env)).toBe(200);
    await env.settled();
    expect(env.events('edge.').map((event) => event['detail-type'])).toEqual(['edge.started']);
    expect(await env.calls()).toEqual([]);

    const ports = [env.sip.port, env.sipServer.admin.port, env.rtpengine.ng.port, env.edge.http.port];
    const cloud = Number(new URL(env.cloud.endpoint).port);
    await env[Symbol.asyncDispose]();
    for (const port of [...ports, cloud]) expect(await isFree(port)).toBe(true);
    const left = (await readdir(temporary.path)).filter((name) => name.startsWith('trunkline-'));
    expect(left).toEqual([]);
  });

  test('without rtpengine names its package, and stops what had started', async () => {
    await using programs = await aFolder();
    await using temporary = await aFolder();
    await symlink((await findProgram('node')) ?? '', join(programs.path, 'node'));
    const started: number[] = [];
    {
      using _ = withEnvironment({ PATH: programs.path, TMPDIR: temporary.path });
      const before = new Set(openPorts());
      await expect(boot()).rejects.toThrow('apt-get install rtpengine-daemon');
      started.push(...openPorts().filter((port) => !before.has(port)));
    }
    expect(started).toEqual([]);
    const left = (await readdir(temporary.path)).filter((name) => name.startsWith('trunkline-'));
    expect(left).toEqual([]);
  });
});

/** TCP ports on which this process listens. */
function openPorts(): number[] {
  const report = process.report?.getReport() as unknown as {
    readonly libuv: readonly {
      readonly type: string;
      readonly localEndpoint?: { port: number } | null;
      readonly remoteEndpoint?: unknown;
      readonly is_active: boolean;
    }[];
  };
  return report.libuv
    .filter(({ type, is_active, remoteEndpoint }) => type === 'tcp' && is_active && !remoteEndpoint)
    .map(({ localEndpoint }) => localEndpoint?.port ?? 0);
}

describe('an edge in a process of its own', () => {
  test('starts again with its identity and its data after a crash', async () => {
    await using env = await boot({ edge: 'process' });
    const journal = env.edgeEnvironment.TRUNKLINE_DATA_DIR;
    const first = env.edge.pid;
    expect(first).not.toBe(process.pid);
    expect(await ready(env)).toBe(200);
    expect(existsSync(journal)).toBe(true);
    await env.settled();

    const { http } = env.edge;
    await env.edge.kill9();
    expect(await isFree(http.port)).toBe(true);
    // Nobody is left to wait for.
    await env.settled();

    const edge = await env.restartEdge();
    expect(env.edge).toBe(edge);
    expect(edge.pid).not.toBe(first);
    await expect.poll(() => ready(env)).toBe(200);
    await env.settled();
    // What was sent but not yet marked as sent when it died is sent once more, with its id.
    const started = env.events('edge.started').map(({ detail }) => detail as TrunklineEvent);
    expect(new Set(started.map(({ id }) => id)).size).toBe(2);
    expect(new Set(started.map(({ edge }) => edge?.id))).toEqual(new Set(['edge-1']));
  });

  test('says good-bye when it is stopped in order', async () => {
    await using env = await boot({ edge: 'process' });
    await env.edge.stop();
    await env.settled();
    expect(env.events('edge.').map((event) => event['detail-type'])).toEqual([
      'edge.started',
      'edge.draining',
      'edge.stopped',
    ]);
  });

  test('that does not start is heard', async () => {
    const edgeSettings = { RTPENGINE_NG: 'nowhere' };
    await expect(boot({ edge: 'process', edgeSettings })).rejects.toThrow(
      /the edge did not start[\s\S]*RTPENGINE_NG: must be HOST:PORT/,
    );
  });
});

describe('two edges', () => {
  test("are two machines in one cloud: nothing of the one is the other one's, and both are ready", async () => {
    const steps: string[] = [];
    await using env = await boot({ edges: 2, onStep: (step) => steps.push(step) });
    const [one, two] = env.edges;
    if (!two) throw new Error('there is no second edge');
    expect(steps).toEqual(expect.arrayContaining(['edge started', 'edge started for edge-2']));
    expect([env.sip, env.edge, env.rtpengines]).toEqual([one.sip, one.edge, one.rtpengines]);
    const portsOf = ({ sip, sipServer, rtpengines, edge }: (typeof env.edges)[number]) => [
      ...[sip.port, sipServer.admin.port, edge.http.port],
      ...rtpengines.map(({ ng }) => ng.port),
    ];
    expect(new Set([...portsOf(one), ...portsOf(two)]).size).toBe(8);
    for (const key of ['TRUNKLINE_DATA_DIR', 'TRUNKLINE_QUEUE_URL', 'RTPENGINE_RECORDING_DIR'] as const) {
      expect(one.environment[key]).not.toBe(two.environment[key]);
    }
    expect(await ready(one)).toBe(200);
    expect(await ready(two)).toBe(200);
    await env.settled();
    const started = env.events('edge.started').map(({ detail }) => (detail as TrunklineEvent).edge?.id);
    expect(started).toEqual(['edge-1', 'edge-2']);
  });
});

test('two edges do not share a SIP server that runs already', async () => {
  using _ = withEnvironment({ DRACHTIO_URL: 'drachtio://a-secret@127.0.0.1:9' });
  await expect(boot({ edges: 2, sipServer: 'auto' })).rejects.toThrow('each edge needs its own');
});

test('a machine whose power is cut is gone at one blow, and comes back where it was', async () => {
  await using env = await boot({ edge: 'process' });
  const [site] = env.edges;
  const { sip, rtpengines } = site;
  await site.cutPower();
  for (const { port } of [sip, rtpengines[0].ng]) expect(await isFree(port)).toBe(true);
  await site.restorePower();
  expect(site.sipServer.sip).toEqual(sip);
  await expect.poll(() => ready(site)).toBe(200);
});

test('an edge in this process is not killed with us in it', async () => {
  await using env = await boot();
  await expect(env.edge.kill9()).rejects.toThrow('cannot be killed');
  expect(await ready(env)).toBe(200);
});

test('an environment without an edge says so to those who ask for it', async () => {
  await using env = await boot({ edge: 'none' });
  expect(() => env.edge).toThrow('without an edge');
  await env.settled();
  expect(env.events()).toEqual([]);
});
