import { readdirSync, statSync } from 'node:fs';
import * as z from 'zod';
import { Cidr, isTooWide, OPEN_TO_THE_WORLD } from './cidr.ts';
import { MachineType } from './machine-type.ts';

/** A SIP server's name in DNS is made of these: see RFC 3263. */
const Domain = z
  .string()
  .regex(
    /^(?=.{1,200}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/,
    'must be a domain such as example.com',
  );

/** Weighs the edges against each other: RFC 2782. */
const Preference = z.strictObject({
  priority: z.int().min(0).max(65_535).default(10),
  weight: z.int().min(0).max(65_535).default(100),
});

const Network = z
  .strictObject({
    /** Addresses of a new VPC. */
    cidr: Cidr.default('10.84.0.0/16'),
    /** A VPC that exists, instead of a new one. */
    vpcId: z
      .string()
      .regex(/^vpc-[0-9a-f]{8,17}$/, 'must be an id such as vpc-0123456789abcdef0')
      .optional(),
    /** Its public subnets, one for each of `zones` and in their order. */
    publicSubnetIds: z
      .array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/, 'must be an id such as subnet-0123456789abcdef0'))
      .default([]),
    /** Ways to the services of AWS that do not leave the VPC; each costs money by the hour. */
    privateEndpoints: z.boolean().default(false),
  })
  .prefault({});

const hasFiles = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true && readdirSync(path).length > 0;

/** Machines for the audio of agents over WebSockets, in the zones of the fleet. */
const Gateways = z.strictObject({
  /** How many there can be; each zone gets the same number. */
  max: z.int().min(1, 'must be 1 at least, or leave "gateways" out').max(16),
  /** How many run at least; one in each zone where it is not given. */
  min: z.int().min(1).optional(),
  type: MachineType.default('c7g.large'),
  /** Calls of agents on a gateway, on average, that more are started for. */
  sessionsPerGateway: z.int().min(1).default(100),
  /** Calls that a gateway takes at most; the edge then asks the next one. */
  maxSessions: z.int().min(1).max(100_000).default(200),
  /** Agents in private networks may be called, too. */
  privateAgents: z.boolean().default(false),
});

/** What is chosen about machines that carry calls. Without a fleet there is the control plane alone. */
export const FleetSettings = z
  .strictObject({
    /** Availability zones by name; every zone gets the same number of edges. */
    zones: z
      .array(z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'must be a zone such as eu-central-1a'))
      .min(2, 'must name two zones at least, such as eu-central-1a and eu-central-1b: one can fail')
      .refine((zones) => new Set(zones).size === zones.length, 'names a zone twice'),
    network: Network,
    /** Who sends SIP: the networks of carriers and agents. */
    trunkCidrs: z.array(Cidr).min(1, 'must name the networks of your carriers and agents'),
    /** Who sends RTP, where that comes from other networks than SIP. */
    mediaCidrs: z.array(Cidr).min(1).optional(),
    openToTheWorld: z.literal(OPEN_TO_THE_WORLD).optional(),
    /** How many rtpengines an edge can have; each is a machine with an address of its own. */
    mediaPerEdge: z
      .int()
      .min(1, 'must be 1 at least: an edge without rtpengine takes no calls')
      .max(8)
      .default(1),
    /** Without them no agent can be called over a WebSocket. */
    gateways: Gateways.optional(),
    edgeType: MachineType.default('c7g.large'),
    mediaType: MachineType.default('c7g.large'),
    /** Edges that run at least; all of them where it is not given. */
    minEdges: z.int().min(1).optional(),
    /** Calls in progress on an edge, on average, that more edges are started for. */
    callsPerEdge: z.int().min(1).default(2_000),
    /** CPU of the rtpengines, per cent on average, that more are started for. */
    mediaCpu: z.int().min(10).max(90).default(50),
    /** How long calls may go on when their machine is replaced, s. CloudFormation waits an hour for a machine at most. */
    drainSeconds: z.int().min(30).max(3_000).default(1_800),
    /** The secret with the SIP server's certificate, as JSON with `cert` and `key`, and `ca` where there is one; no TLS without it. */
    tlsSecret: z
      .string()
      .min(1, 'must be the name of a secret, or be left out for a fleet without TLS')
      .optional(),
    /** A folder here with recordings for call.play, WAV or MP3; every edge and rtpengine gets a copy at its start. */
    promptsDir: z
      .string()
      .refine((path) => hasFiles(path), { error: 'must be a folder here that has recordings in it' })
      .optional(),
    /** What machines boot from: Amazon Linux 2023 for ARM; the newest at each deploy where it is not given. */
    machineImage: z
      .string()
      .regex(/^ami-[0-9a-f]{8,17}$/, 'must be an id such as ami-0123456789abcdef0')
      .optional(),
    /** What the image of the SIP server is built from, with its version. */
    sipServerImage: z
      .string()
      .regex(
        /^[a-z0-9./_-]+(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/,
        'must name an image and a version of it',
      )
      .default('drachtio/drachtio-server:0.9.10'),
    /** Where the SRV records are written; none without it. */
    hostedZone: z
      .strictObject(
        {
          id: z.string().regex(/^Z[A-Z0-9]{1,31}$/, 'must be an id such as Z0123456789ABCDEFGHIJ'),
          name: Domain,
        },
        'must have the id and the name of the hosted zone: { "id": "Z…", "name": "example.com" }',
      )
      .optional(),
    /** What comes before the zone's name; "sip" where it is not given: sip.example.com. */
    sipName: z
      .string()
      .regex(/^[a-z0-9-]{1,63}$/, 'must be one label of a name, such as sip')
      .optional(),
    /** By edge id; an edge that is not named gets what stands there by default. */
    preferences: z.record(z.string(), Preference).default({}),
  })
  .superRefine((fleet, context) => {
    for (const [path, message] of faultsOf(fleet))
      context.addIssue({ code: 'custom', path: [path], message });
  });
export type FleetSettings = z.infer<typeof FleetSettings>;

interface Checked {
  readonly zones: readonly string[];
  readonly network: { readonly vpcId?: string | undefined; readonly publicSubnetIds: readonly string[] };
  readonly trunkCidrs: readonly string[];
  readonly mediaCidrs?: readonly string[] | undefined;
  readonly openToTheWorld?: string | undefined;
  readonly hostedZone?: object | undefined;
  readonly sipName?: string | undefined;
  readonly preferences: object;
  readonly gateways?: z.infer<typeof Gateways> | undefined;
}

function* faultsOf({
  zones,
  network,
  openToTheWorld,
  gateways,
  ...fleet
}: Checked): Generator<[string, string]> {
  for (const name of ['trunkCidrs', 'mediaCidrs'] as const) {
    for (const cidr of (openToTheWorld ? [] : (fleet[name] ?? [])).filter(isTooWide)) {
      yield [
        name,
        `${cidr} opens the fleet to the world: name the networks of your carriers, or set openToTheWorld to "${OPEN_TO_THE_WORLD}"`,
      ];
    }
  }
  if (!fleet.hostedZone) {
    const hasNoZone = 'is for SRV records, which need a hosted zone: set fleet.hostedZone, or leave this out';
    if (fleet.sipName !== undefined) yield ['sipName', hasNoZone];
    if (Object.keys(fleet.preferences).length > 0) yield ['preferences', hasNoZone];
  }
  const { vpcId, publicSubnetIds: subnets } = network;
  if (vpcId === undefined && subnets.length > 0)
    yield ['network', 'names subnets and no vpcId: give both or none'];
  if (vpcId !== undefined && subnets.length !== zones.length) {
    yield [
      'network',
      `names ${subnets.length} public subnets for ${zones.length} zones: one for each, in their order`,
    ];
  }
  for (const message of gateways ? faultsOfGateways(gateways, zones.length) : []) yield ['gateways', message];
}

function* faultsOfGateways({ max, min, ...of }: z.infer<typeof Gateways>, zones: number): Generator<string> {
  if (max % zones > 0) yield `has max ${max} for ${zones} zones: each zone must have as many`;
  if (min !== undefined && min > max) yield `wants ${min} machines at least and ${max} at most`;
  if (of.sessionsPerGateway > of.maxSessions)
    yield `starts another machine at ${of.sessionsPerGateway} sessions, which no machine has: maxSessions is ${of.maxSessions}`;
}

/** What the settings of the fleet and those of the platform say against each other, as path and message. */
export function* faultsBetween(
  fleet: FleetSettings,
  { edges, secretPrefix }: { readonly edges: readonly string[]; readonly secretPrefix: string },
): Generator<[string, string]> {
  if (edges.length % fleet.zones.length > 0) {
    yield [
      'edges',
      `names ${edges.length} edges for ${fleet.zones.length} zones: each zone must have as many`,
    ];
  }
  if (edges.length * fleet.mediaPerEdge > MAX_SEATS) {
    yield ['fleet.mediaPerEdge', `makes more than ${MAX_SEATS} rtpengines: have a second stack for more`];
  }
  if ((fleet.minEdges ?? 1) > edges.length) {
    yield ['fleet.minEdges', `wants more edges than the ${edges.length} that "edges" names`];
  }
  for (const id of Object.keys(fleet.preferences).filter((each) => !edges.includes(each))) {
    yield ['fleet.preferences', `names ${id}, which "edges" does not: it has ${edges.join(', ')}`];
  }
  if (fleet.tlsSecret && !fleet.tlsSecret.startsWith(secretPrefix)) {
    yield ['fleet.tlsSecret', `"${fleet.tlsSecret}" must begin with ${secretPrefix}, as secretPrefix says`];
  }
}

/** A stack of CloudFormation has 500 resources at most, and the list of edges must fit into the 16 KB of user data. */
const MAX_SEATS = 24;
