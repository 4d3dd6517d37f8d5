import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ports } from '../contracts/fleet-ports.ts';
import type { MachinePlan, Seat } from '../contracts/machine-plan.ts';
import type { Secrets } from './ports.ts';
import { readCertificate, writeSipServerConfig } from './sip-server-config.ts';

type Variables = Readonly<Record<string, string>>;

/** Writes what the containers of the machine read, into a folder in memory: some of it is secret. */
export async function writeSeatFiles(
  plan: MachinePlan,
  seat: Seat,
  secrets: Secrets,
  folder: string,
): Promise<void> {
  if (plan.role === 'media') return write(folder, 'rtpengine.env', engineVariables(plan.edges, seat));
  const { sipServer, tls } = plan.secrets;
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
    TRUNKLINE_QUEUE_URL: own.queueUrl,
    RTPENGINE_NG: own.engines,
    RTPENGINE_DTMF_LISTEN: `${seat.privateAddress}:${ports.digits}`,
    RTPENGINE_B2B_LISTEN: `${seat.privateAddress}:${ports.lostCalls}`,
    DRACHTIO_SECRET: secret,
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

/** One variable a line, as `docker run --env-file` reads them. */
const write = (folder: string, name: string, variables: Variables) =>
  writeFile(
    join(folder, name),
    Object.entries(variables)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
    { mode: 0o600 },
  );
