import { RoutingConfig, type RoutingConfigInput, type VersionedConfig } from '../../../contracts/config.ts';

/** The smallest configuration that routes +15550100. */
export const aConfig = (version = 7, but: Partial<RoutingConfigInput> = {}): VersionedConfig => ({
  version,
  config: RoutingConfig.parse({
    version: 1,
    trunks: { carrier: { sources: ['192.0.2.0/24'] } },
    numbers: { '+15550100': { agent: 'echo' } },
    agents: { echo: { targets: [{ uri: 'sip:echo@198.51.100.1' }] } },
    ...but,
  }),
});
