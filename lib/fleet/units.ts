import { ports } from '../../contracts/fleet-ports.ts';

export interface Containers {
  readonly machine: string;
  readonly edge: string;
  readonly sipServer: string;
  readonly rtpengine: string;
  readonly gateway: string;
  /** Whether recordings are there for edges and rtpengines. */
  readonly hasPrompts: boolean;
  readonly drainSeconds: number;
  readonly region: string;
  readonly logGroup: string;
}

/** A systemd unit by its file name. */
type Units = Readonly<Record<string, string>>;

const docker = '/usr/bin/docker';
const folder = '/run/trunkline';
/** Where recordings are, under one path for the edge that names them and the rtpengine that plays them. */
export const promptsFolder = '/var/lib/trunkline-prompts';
const prompts = ({ hasPrompts }: Containers) =>
  hasPrompts ? `-v ${promptsFolder}:${promptsFolder}:ro ` : '';

/** A container on the machine's own network: RTP has no use for a second address, and no time for it. */
const container = (
  { region, logGroup }: Containers,
  name: string,
  options: string,
  command: string,
  stopSeconds = 10,
) => `[Unit]
After=docker.service network-online.target
Requires=docker.service
[Service]
ExecStartPre=-${docker} rm -f trunkline-${name}
ExecStart=${docker} run --rm --name trunkline-${name} --network host --log-driver awslogs --log-opt awslogs-region=${region} --log-opt awslogs-group=${logGroup} --log-opt tag=${name}-%H ${options} ${command}
ExecStop=${docker} stop --time ${stopSeconds} trunkline-${name}
TimeoutStartSec=0
TimeoutStopSec=${stopSeconds + 30}
Restart=always
RestartSec=2
`;

/** Starts a unit once a file is there: so the machine's program, in its container, needs no power over the machine. */
const once = (file: string, unit: string) => `[Path]
PathExists=${folder}/${file}
Unit=${unit}
[Install]
WantedBy=multi-user.target
`;

const order = (...commands: string[]) => `[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutStartSec=infinity
${commands.map((command) => `ExecStart=${command}`).join('\n')}
`;

const shared = (on: Containers, options: string): Units => ({
  'trunkline-machine.service': `${container(
    on,
    'machine',
    `-v /etc/trunkline:/etc/trunkline:ro -v ${folder}:${folder} ${options}`,
    on.machine,
  )}[Install]
WantedBy=multi-user.target
`,
  'trunkline-seated.path': once('seated', 'trunkline-calls.target'),
  'trunkline-in-service.path': once('in-service', 'trunkline-in-service.service'),
});

/** A file asks for the end of a service, whose calls may take their time, and a file tells of it. */
const draining = (service: string): Units => ({
  'trunkline-drain.path': once('drain', 'trunkline-drain.service'),
  'trunkline-drain.service': order(`/usr/bin/systemctl stop ${service}`, `/usr/bin/touch ${folder}/drained`),
});

export const edgeUnits = (on: Containers): Units => ({
  ...shared(on, ''),
  'trunkline-calls.target': '[Unit]\nWants=trunkline-sip.service trunkline-edge.service\n',
  'trunkline-sip.service': container(
    on,
    'sip',
    `-v ${folder}:${folder}:ro --ulimit nofile=1048576`,
    `${on.sipServer} drachtio -f ${folder}/drachtio.conf.xml`,
  ),
  'trunkline-edge.service': container(
    on,
    'edge',
    `-v ${folder}:${folder}:ro -v /var/lib/trunkline:/var/lib/trunkline ${prompts(on)}--env-file ${folder}/edge.env --ulimit nofile=1048576`,
    `${on.edge} node --import tsx edge-node/main.ts`,
    on.drainSeconds + 30,
  ),
  // The edge alone: its calls go on through the SIP server until they have ended.
  ...draining('trunkline-edge.service'),
});

export const mediaUnits = (on: Containers): Units => ({
  ...shared(on, ''),
  'trunkline-calls.target': '[Unit]\nWants=trunkline-rtpengine.service\n',
  'trunkline-rtpengine.service': container(
    on,
    'rtpengine',
    `${prompts(on)}--env-file ${folder}/rtpengine.env --ulimit nofile=1048576`,
    on.rtpengine,
  ),
});

export const gatewayUnits = (on: Containers): Units => ({
  ...shared(on, ''),
  'trunkline-calls.target': '[Unit]\nWants=trunkline-gateway.service\n',
  'trunkline-gateway.service': container(
    on,
    'gateway',
    `--env-file ${folder}/gateway.env --ulimit nofile=1048576`,
    on.gateway,
    on.drainSeconds + 30,
  ),
  ...draining('trunkline-gateway.service'),
});

/** Room for RTP in the kernel, and ports that it must not give away. */
export const sysctls = `net.core.rmem_max=16777216
net.core.wmem_max=16777216
net.core.rmem_default=1048576
net.core.wmem_default=1048576
net.core.netdev_max_backlog=10000
net.ipv4.ip_local_port_range=32768 60999
net.ipv4.ip_local_reserved_ports=${Object.values(ports)
  .map((port) => (typeof port === 'number' ? port : `${port.from}-${port.to}`))
  .join(',')}
net.ipv4.conf.all.rp_filter=2
net.ipv4.conf.default.rp_filter=2
`;

/** Tells CloudFormation that this machine takes calls: a rolling deploy then goes on to the next one. */
export const inServiceUnit = (stack: string, resource: string, region: string): string =>
  order(`/opt/aws/bin/cfn-signal --stack ${stack} --resource ${resource} --region ${region}`);
