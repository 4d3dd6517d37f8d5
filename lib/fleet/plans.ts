import { ports } from '../../contracts/fleet-ports.ts';
import type { InnerSeat, MachinePlan, Seat } from '../../contracts/machine-plan.ts';
import { hooks } from './machines.ts';
import { promptsFolder } from './units.ts';

type EdgePlan = Extract<MachinePlan, { role: 'edge' }>;
type MediaPlan = Extract<MachinePlan, { role: 'media' }>;
type GatewayPlan = Extract<MachinePlan, { role: 'gateway' }>;
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

interface FleetSeats {
  readonly edges: readonly Seat[];
  readonly media: readonly Seat[];
  readonly gateways?: readonly InnerSeat[];
}

/** For the BYE of calls that outlast the drain, and for the last events to go out, s. */
const FAREWELL_SECONDS = 20;
/** How often metrics are written: CloudWatch keeps one value a minute. */
const EMF_MS = '60000';

/** What the machine of an edge is told; every address in it is known before the first machine starts. */
export function edgePlan(
  shared: Shared,
  seats: FleetSeats,
  {
    edges,
    names,
    secrets,
    hasPrompts = false,
  }: {
    edges: readonly EdgeParts[];
    names: PlatformNames;
    secrets: EdgePlan['secrets'];
    hasPrompts?: boolean;
  },
): EdgePlan {
  const enginesOf = (edgeId: string) =>
    seats.media
      .filter(({ edge }) => edge === edgeId)
      .map(({ privateAddress }) => `${privateAddress}:${ports.ng}`)
      .join(',');
  const gateways = (seats.gateways ?? []).map(
    ({ privateAddress }) => `http://${privateAddress}:${ports.gatewayHttp}`,
  );
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
      TRUNKLINE_EMF_MS: EMF_MS,
      TRUNKLINE_FLEET: shared.prefix,
      DRACHTIO_PORT: String(ports.sipServerAdmin),
      ...(hasPrompts ? { TRUNKLINE_PROMPTS_DIR: promptsFolder } : {}),
      // Both are interfaces of images/rtpengine/start.sh.
      RTPENGINE_INTERFACES: 'pub,priv',
      ...(gateways.length > 0 ? { TRUNKLINE_GATEWAYS: gateways.join(',') } : {}),
    },
    byEdge: Object.fromEntries(
      edges.map(({ edgeId, role }) => [edgeId, { role, engines: enginesOf(edgeId) }]),
    ),
    queues: names.queues,
    secrets,
  };
}

/** What the machine of an rtpengine is told, of the seats of its own edge. */
export const mediaPlan = (shared: Shared, seats: Pick<FleetSeats, 'edges' | 'media'>): MediaPlan => ({
  role: 'media',
  ...shared,
  hooks,
  seats: [...seats.media],
  edges: Object.fromEntries(seats.edges.map(({ edge, privateAddress }) => [edge, privateAddress])),
});

/** What the machine of a gateway is told. */
export const gatewayPlan = (
  shared: Shared,
  seats: readonly InnerSeat[],
  gateways: { readonly maxSessions: number; readonly privateAgents: boolean },
  token: string,
): GatewayPlan => ({
  role: 'gateway',
  ...shared,
  hooks,
  seats: [...seats],
  environment: {
    GATEWAY_MAX_SESSIONS: String(gateways.maxSessions),
    GATEWAY_PRIVATE_AGENTS: gateways.privateAgents ? 'allow' : 'refuse',
    GATEWAY_DRAIN_SECONDS: String(shared.drainSeconds - FAREWELL_SECONDS),
    GATEWAY_EMF_MS: EMF_MS,
    TRUNKLINE_FLEET: shared.prefix,
  },
  secrets: { token },
});
