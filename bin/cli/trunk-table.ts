import pc from 'picocolors';
import type { TrunkReport } from '../../edge-node/signaling/trunks/trunk-report.ts';

/** A trunk as an edge's /trunks tells it. */
export interface TrunkLine extends TrunkReport {
  readonly edge: string;
}

type Endpoint = TrunkLine['endpoints'][number];
type Server = Endpoint['servers'][number];
type Registration = TrunkLine['registrations'][number];

/** Can be called, where it has endpoints, and is registered, where it is to be. */
export const isHealthy = ({ endpoints, registrations }: TrunkLine): boolean =>
  (endpoints.length === 0 || endpoints.some(({ up }) => up)) &&
  registrations.every(({ registered }) => registered);

/** A block per trunk. Which edge it is matters only where there are several. */
export function trunkTable(lines: readonly TrunkLine[], withEdge: boolean): string {
  if (lines.length === 0) return 'there are no trunks\n';
  const blocks = lines.map((line) => [
    [...(withEdge ? [line.edge] : []), pc.bold(line.trunk), ...factsOf(line)].join('  '),
    ...inColumns(line.endpoints.flatMap(endpointRows)),
    ...inColumns(line.registrations.map(registrationRow)),
  ]);
  return `${blocks.flat().join('\n')}\n`;
}

function factsOf({ calls, limits, encryption, keying, caps, contacts }: TrunkLine): string[] {
  const rate = limits.callsPerSecond === null ? '' : `, at most ${limits.callsPerSecond} a second`;
  return [
    `${calls}${limits.calls === null ? '' : ` of ${limits.calls}`} calls${rate}`,
    encryption === 'off' ? 'SRTP off' : `SRTP ${encryption} (${keying})`,
    ...(contacts === null ? [] : [`${contacts} contacts of users`]),
    ...caps.map(({ used, cap, currency, period, refusing }) => {
      const text = `${used} of ${cap} ${currency ?? 'minutes'} this ${period}`;
      return refusing ? pc.red(`${text}: no more calls out`) : text;
    }),
  ];
}

function endpointRows({ endpoint, up, lastStatus, servers }: Endpoint): string[][] {
  const [only, ...others] = servers;
  if (only === undefined) return [[endpoint, stateOf(up), 'leads to no server']];
  if (others.length === 0 && only.server === endpoint)
    return [[endpoint, stateOf(up), `${heardOf(lastStatus)}${foundBy(only)}`]];
  return [
    [endpoint, stateOf(up), heardOf(lastStatus)],
    ...servers.map((one) => [
      `  ${one.server}`,
      stateOf(one.up),
      `${heardOf(one.lastStatus)}${foundBy(one)}`,
    ]),
  ];
}

const registrationRow = ({ user, registrar, registered, expiresInSeconds, failure }: Registration) => [
  `${user} at ${registrar}`,
  (registered ? pc.green(`registered for ${expiresInSeconds} s`) : pc.red('not registered')) +
    (failure === null ? '' : `, ${failure}`),
];

const stateOf = (up: boolean) => (up ? pc.green('up  ') : pc.red('down'));
const heardOf = (status: number | null) => (status === null ? 'no answer to OPTIONS' : `OPTIONS ${status}`);
const foundBy = ({ standing }: Server) =>
  standing === 'up'
    ? ''
    : `, ${standing === 'paused' ? 'asked to be left alone' : 'left alone after failed calls'}`;

/** The first column as wide as its widest cell. */
function inColumns(rows: readonly string[][]): string[] {
  const width = Math.max(0, ...rows.map(([first = '']) => first.length));
  return rows.map(([first = '', ...rest]) => `  ${[first.padEnd(width), ...rest].join('  ')}`);
}
