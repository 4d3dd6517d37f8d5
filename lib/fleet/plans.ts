import { ports } from '../../contracts/fleet-ports.ts';
import type { MachinePlan, Seat } from '../../contracts/machine-plan.ts';
import { hooks } from './machines.ts';

type EdgePlan = Extract<MachinePlan, { role: 'edge' }>;
type MediaPlan = Extract<MachinePlan, { role: 'media' }>;
type Shared = Pick<MachinePlan, 'region' | 'prefix' | 'group' | 'drainSeconds'>;

export interface EdgeParts {
  readonly edgeId: string;
  /** ARN of the role that the edge takes on: with its own queue and no other's. */
  readonly role: string;
}

export interface PlatformNames {
  readonly bus: string;
  /** What the URLs of the edges' queues begin with. */
  readonly queues: string;
  readonly configTable: string;
  readonly fleetTable: string;
  readonly registrationsTable: string;
}

/** For the BYE of calls that outlast the drain, and for the last events to go out, s. */
const FAREWELL_SECONDS = 20;

/** What the machine of an edge is told; every address in it is known before the first machine starts. */
export function edgePlan(
  shared: Shared,
  seats: { readonly edges: readonly Seat[]; readonly media: readonly Seat[] },
  {
    edges,
    names,
    secrets,
  }: { edges: readonly EdgeParts[]; names: PlatformNames; secrets: EdgePlan['secrets'] },
): EdgePlan {
  const enginesOf = (edgeId: string) =>
    seats.media
      .filter(({ edge }) => edge === edgeId)
      .map(({ privateAddress }) => `${privateAddress}:${ports.ng}`)
      .join(',');
  return {
    role: 'edge',
    ...shared,
    hooks,
    seats: [...seats.edges],
    environment: {
      AWS_REGION: shared.region,
      TRUNKLINE_BUS: names.bus,
      TRUNKLINE_CONFIG_TABLE: names.configTable,
      TRUNKLINE_FLEET_TABLE: names.fleetTable,
      TRUNKLINE_REGISTRATIONS_TABLE: names.registrationsTable,
      TRUNKLINE_DATA_DIR: '/var/lib/trunkline',
      TRUNKLINE_HTTP: `127.0.0.1:${ports.edgeHttp}`,
      TRUNKLINE_DRAIN_SECONDS: String(shared.drainSeconds - FAREWELL_SECONDS),
      TRUNKLINE_EMF_MS: '60000',
      TRUNKLINE_FLEET: shared.prefix,
      DRACHTIO_PORT: String(ports.sipServerAdmin),
    },
    byEdge: Object.fromEntries(
      edges.map(({ edgeId, role }) => [edgeId, { role, engines: enginesOf(edgeId) }]),
    ),
    queues: names.queues,
    secrets,
  };
}

/** What the machine of an rtpengine is told, of the seats of its own edge. */
export const mediaPlan = (
  shared: Shared,
  seats: { readonly edges: readonly Seat[]; readonly media: readonly Seat[] },
): MediaPlan => ({
  role: 'media',
  ...shared,
  hooks,
  seats: [...seats.media],
  edges: Object.fromEntries(seats.edges.map(({ edge, privateAddress }) => [edge, privateAddress])),
});
