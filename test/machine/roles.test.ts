import { readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pDefer from 'p-defer';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildApp } from '../../bin/app.ts';
import type { MachinePlan } from '../../contracts/machine-plan.ts';
import { type Authorizer, createAuthorizer } from '../../local/cloud/iam/authorizer.ts';
import { reportUse } from '../../local/cloud/iam/use-report.ts';
import { readTemplate } from '../../local/cloud/template.ts';
import { lifecycleOf, seatsByEc2, secretsManager } from '../../machine/adapters/aws.ts';
import { aFolder } from '../local/stand-in.ts';
import { type AwsStandIn, startAws } from './aws-stand-in.ts';
import { bootMachine } from './boot-machine.ts';
import { type Group, groupsIn } from './fleet-groups.ts';
import { standInPlace } from './needs.ts';

const example = new URL('../../examples/deploy/cdk.context.json', import.meta.url);
const fleet = 'TrunklineFleet-';
/** Of each machine by its id. */
const zones: Record<string, string> = {};

let groups: ReadonlyMap<string, Group>;
/** ARN of the queue of one edge. */
let queueOfEdge: string;
/** Access keys of what stands for the role of each edge. */
let edgePolicies: readonly string[];
let authorizer: Authorizer;
let aws: AwsStandIn;
let folder: Awaited<ReturnType<typeof aFolder>>;

beforeAll(async () => {
  await using out = await aFolder();
  const context = JSON.parse(readFileSync(example, 'utf8'));
  const { directory } = buildApp({ context, outdir: out.path, validate: false }).synth();
  const template = readTemplate([directory], { ...standInPlace, endpoint: 'https://sqs.example' });
  authorizer = createAuthorizer((what) => expect.fail(what));
  authorizer.start(template);
  groups = groupsIn(template, authorizer);
  const ofType = (type: string) => template.resources.filter((resource) => resource.type === type);
  edgePolicies = ofType('AWS::IAM::ManagedPolicy').map(({ arn }) => authorizer.keyOf(arn));
  queueOfEdge = ofType('AWS::SQS::Queue').find(({ arn }) => arn.endsWith('-to-edge-1'))?.arn ?? 'none';
}, 120_000);

/** What no test of this file needed is told with all the rest, by the names of the stack of the fleet. */
afterAll(() => {
  const bare = (name: string) => name.replace(fleet, '');
  const own = authorizer.grants().filter(({ principal }) => principal.startsWith(fleet));
  reportUse(
    own.map((grant) => ({ ...grant, principal: bare(grant.principal), resource: bare(grant.resource) })),
  );
});

beforeEach(async () => {
  aws = await startAws(zones);
  aws.authorize = authorizer.check;
  folder = await aFolder();
  vi.stubEnv('AWS_ENDPOINT_URL', aws.url);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await aws[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

function groupNamed(name: string): Group {
  const group = groups.get(name);
  if (!group) throw new Error(`the template has no group ${name}, but ${[...groups.keys()].join(', ')}`);
  return group;
}

/** As an AWS SDK in a machine of the group signs. */
const signAs = ({ key }: Group) => vi.stubEnv('AWS_ACCESS_KEY_ID', key);

/** So many machines as the group has seats, each with a folder, and what Secrets Manager has for them. */
function launch(name: string) {
  const group = groupNamed(name);
  const machines = group.plan.seats.map(({ zone }, at) => {
    const id = `i-${name}-${at}`;
    zones[id] = zone;
    aws.tags.set(id, group.tags);
    return { id, folder: join(folder.path, id) };
  });
  const secrets: object = 'secrets' in group.plan ? group.plan.secrets : {};
  for (const [what, id] of Object.entries<string>({ ...secrets })) {
    aws.secrets[id] = what === 'tls' ? JSON.stringify({ cert: 'CERT', key: 'KEY' }) : 'a-text-of-its-own';
  }
  signAs(group);
  return { ...group, machines };
}

/** The whole life of all machines of a group, with calls that outlast the order to leave. */
async function live({ plan, machines }: ReturnType<typeof launch>) {
  const refused = pDefer<never>();
  aws.authorize = (accessKey, needs) => {
    try {
      authorizer.check(accessKey, needs);
    } catch (error) {
      refused.reject(error);
      throw error;
    }
  };
  let isIdle = false;
  const worker = { ready: async () => true, drain: async () => {}, idle: async () => isIdle };
  const lives = machines.map(async ({ id, folder }) => {
    await mkdir(folder);
    const logger = pino({ level: 'silent' });
    await bootMachine({ aws, id, plan, folder, worker, logger, hasAddress: () => true });
  });
  const heard = (what: string) =>
    expect
      .poll(() => aws.told)
      .toEqual(expect.arrayContaining(machines.map(({ id }) => what.replace('ID', id))));
  const course = async () => {
    await heard('CompleteLifecycleAction ID ready-for-calls CONTINUE');
    aws.target = 'Terminated';
    await heard('RecordLifecycleActionHeartbeat ID calls-have-ended');
    isIdle = true;
    await Promise.all(lives);
  };
  await Promise.race([course(), refused.promise]);
}

describe('the role of a machine lets it', () => {
  test.each(['trunkline-edges', 'trunkline-gateways', 'trunkline-media-edge-1', 'trunkline-media-edge-2'])(
    'take a seat, read its secrets, take calls and leave: %s',
    async (name) => {
      const group = launch(name);
      await live(group);
      expect([...aws.attached.keys()].sort()).toEqual(group.plan.seats.map(({ eni }) => eni).sort());
      expect([...aws.attached.values()].sort()).toEqual(group.machines.map(({ id }) => id).sort());
    },
  );

  test('take on the role of the edge whose seat it has', async () => {
    const group = launch('trunkline-edges');
    await live(group);
    const roles = await Promise.all(
      group.machines.map(async (machine) => {
        const config = await readFile(join(machine.folder, 'aws-config'), 'utf8');
        return /^role_arn = (.+)$/m.exec(config)?.[1] ?? '';
      }),
    );
    expect(new Set(roles).size).toBe(group.machines.length);
    for (const resource of roles) authorizer.check(group.key, [{ action: 'sts:AssumeRole', resource }]);
  });
});

describe('the role of a machine does not let it', () => {
  const edges = () => groupNamed('trunkline-edges');
  const media = () => groupNamed('trunkline-media-edge-1');
  const gateways = () => groupNamed('trunkline-gateways');
  const seatOf = ({ plan }: Group) => plan.seats[0]?.eni ?? '';
  const sipSecret = () => (edges().plan as Extract<MachinePlan, { role: 'edge' }>).secrets.sipServer;

  test.each([
    ['take a seat of another kind', media, () => seatsByEc2(media().plan).attach(seatOf(edges()), 'i-media')],
    [
      'give its seat to a machine of another kind',
      media,
      () => seatsByEc2(media().plan).attach(seatOf(media()), 'i-edge'),
    ],
    [
      'give its seat to a machine of somebody else',
      media,
      () => seatsByEc2(media().plan).attach(seatOf(media()), 'i-theirs'),
    ],
    [
      'speak for a machine of another group',
      edges,
      () => lifecycleOf('trunkline-gateways', 'i-1', edges().plan).done('ready-for-calls', 'CONTINUE'),
    ],
    [
      'read the secret of the SIP server: rtpengine',
      media,
      () => secretsManager(media().plan).read(sipSecret()),
    ],
    [
      'read the secret of the SIP server: gateway',
      gateways,
      () => secretsManager(gateways().plan).read(sipSecret()),
    ],
  ])('%s', async (_what, group, attempt) => {
    aws.tags.set('i-media', media().tags).set('i-edge', edges().tags);
    aws.secrets[sipSecret()] = 'a-secret';
    signAs(group());
    await expect(attempt()).rejects.toThrow(/is not authorized to perform/);
    expect([aws.attached.size, aws.told]).toEqual([0, []]);
  });

  test('do what an edge does, unless it takes on the role of one', () => {
    const receive = { action: 'sqs:ReceiveMessage', resource: queueOfEdge };
    const mayReceive = (key: string) => authorizer.allows(key, receive);
    expect([edgePolicies.filter(mayReceive).length, edgePolicies.length]).toEqual([1, 2]);
    expect([...groups.values()].filter(({ key }) => mayReceive(key))).toEqual([]);
  });
});
