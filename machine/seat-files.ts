import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ports } from '../contracts/fleet-ports.ts';
import type { InnerSeat, MachinePlan, Seat } from '../contracts/machine-plan.ts';
import type { Secrets } from './ports.ts';
import { readCertificate, writeSipServerConfig } from './sip-server-config.ts';

type Variables = Readonly<Record<string, string>>;

/** Writes what the containers of the machine read, into a folder in memory: some of it is secret. */
export async function writeSeatFiles(
  plan: MachinePlan,
  taken: InnerSeat,
  secrets: Secrets,
  folder: string,
): Promise<void> {
  if (plan.role === 'gateway') {
    const token = await secrets.read(plan.secrets.token);
    return write(folder, 'gateway.env', gatewayVariables(plan, taken, token));
  }
  const seat = plan.seats.find(({ eni }) => eni === taken.eni);
  if (!seat) throw new Error(`the plan of this machine has no seat ${taken.eni}`);
  if (plan.role === 'media') return write(folder, 'rtpengine.env', engineVariables(plan.edges, seat));
  return writeEdgeFiles(plan, seat, secrets, folder);
}

type PlanOf<R extends MachinePlan['role']> = Extract<MachinePlan, { role: R }>;

async function writeEdgeFiles(
  plan: PlanOf<'edge'>,
  seat: Seat,
  secrets: Secrets,
  folder: string,
): Promise<void> {
  const { sipServer, tls, gateways } = plan.secrets;
  const own = plan.byEdge[seat.edge];
  if (!own) throw new Error(`the plan of this machine has nothing for the edge ${seat.edge}`);
  const secret = await secrets.read(sipServer);
  const certificate = tls === undefined ? undefined : readCertificate(await secrets.read(tls));
  await writeSipServerConfig(folder, { seat, secret, certificate });
  // The edge takes on the role of its seat: the machine's own opens no queue.
  const profile = `[profile edge]\nrole_arn = ${own.role}\ncredential_source = Ec2InstanceMetadata\nregion = ${plan.region}\n`;
  await writeFile(join(folder, 'aws-config'), profile, { mode: 0o600 });
  await write(folder, 'edge.env', {
    ...plan.environment,
    TRUNKLINE_EDGE_ID: seat.edge,
    TRUNKLINE_QUEUE_URL: `${plan.queues}${seat.edge}`,
    RTPENGINE_NG: own.engines,
    RTPENGINE_DTMF_LISTEN: `${seat.privateAddress}:${ports.digits}`,
    RTPENGINE_B2B_LISTEN: `${seat.privateAddress}:${ports.lostCalls}`,
    DRACHTIO_SECRET: secret,
    ...(gateways === undefined ? {} : { TRUNKLINE_GATEWAY_TOKEN: await secrets.read(gateways) }),
    AWS_CONFIG_FILE: join(folder, 'aws-config'),
    AWS_PROFILE: 'edge',
  });
}

const engineVariables = (edges: Variables, seat: Seat): Variables => ({
  PRIVATE_ADDRESS: seat.privateAddress,
  PUBLIC_ADDRESS: seat.publicAddress,
  EDGE_ADDRESS: edges[seat.edge] ?? '',
  NG_PORT: String(ports.ng),
  CONTROL_PORT: String(ports.engineControl),
  HTTP_PORT: String(ports.engineHttp),
  RTP_FROM: String(ports.rtp.from),
  RTP_TO: String(ports.rtp.to),
  DIGITS_PORT: String(ports.digits),
  LOST_CALLS_PORT: String(ports.lostCalls),
});

const gatewayVariables = (
  { environment }: PlanOf<'gateway'>,
  { edge, privateAddress }: InnerSeat,
  token: string,
): Variables => ({
  ...environment,
  GATEWAY_NAME: edge,
  // Security groups let edges alone come to it; the machine's program asks on loopback.
  GATEWAY_HTTP: `0.0.0.0:${ports.gatewayHttp}`,
  GATEWAY_TOKEN: token,
  GATEWAY_RTP_ADDRESS: privateAddress,
  GATEWAY_RTP_MIN: String(ports.rtp.from),
  GATEWAY_RTP_MAX: String(ports.rtp.to),
});

/** One variable a line, as `docker run --env-file` reads them. */
const write = (folder: string, name: string, variables: Variables) =>
  writeFile(
    join(folder, name),
    Object.entries(variables)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
    { mode: 0o600 },
  );
