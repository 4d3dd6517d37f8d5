/** Names of the stack's outputs: the CLI, the local cloud and operators find the platform's parts by them. */
export const outputs = {
  busName: 'BusName',
  busArn: 'BusArn',
  callsTableArn: 'CallsTableArn',
  callsTable: 'CallsTable',
  configTable: 'ConfigTable',
  fleetTable: 'FleetTable',
  registrationsTable: 'RegistrationsTable',
  /** How the names of the secrets begin that edges may read. */
  secretPrefix: 'SecretPrefix',
  /** `edge-1` -> `EdgeQueueUrlEdge1` */
  edgeQueueUrl: (edgeId: string) => `EdgeQueueUrl${pascal(edgeId)}`,
  edgePolicyArn: (edgeId: string) => `EdgePolicyArn${pascal(edgeId)}`,
  /** Of the fleet: what a carrier is given. */
  sipAddresses: 'SipAddresses',
  mediaAddresses: 'MediaAddresses',
  sipName: 'SipName',
} as const;

/** Under which name stacks of the same account and region import an output: `trunkline:CallsTable`. */
export const exportOf = (prefix: string, output: string): string => `${prefix}:${output}`;

/** CloudFormation knows letters and digits only. */
export const pascal = (kebab: string): string =>
  kebab.replace(/(?:^|-)([a-z0-9])/g, (_, first: string) => first.toUpperCase());
