import { fileURLToPath } from 'node:url';
import type { RoutingConfig } from '../../contracts/config.ts';
import { type EchoAgent, startAgent } from '../../local/phone/phones.ts';
import { loadConfig } from './config-file.ts';

export const quickstartFile = fileURLToPath(
  new URL('../../examples/quickstart/trunkline.yaml', import.meta.url),
);

export interface Quickstart extends AsyncDisposable {
  readonly config: RoutingConfig;
  readonly agent: EchoAgent;
  /** The number to call. */
  readonly number: string;
}

/** The quickstart configuration together with its echo agent, which listens wherever a port is free. */
export async function startQuickstart(): Promise<Quickstart> {
  const config = await loadConfig(quickstartFile);
  const agent = await startAgent();
  const [number = ''] = Object.keys(config.numbers);
  const echo = config.agents['echo'];
  const [target] = echo?.targets ?? [];
  if (!echo || !target) throw new Error(`${quickstartFile} has no agent "echo"`);
  return {
    agent,
    number,
    config: {
      ...config,
      agents: { ...config.agents, echo: { ...echo, targets: [{ ...target, uri: agent.uri }] } },
    },
    [Symbol.asyncDispose]: () => Promise.resolve(agent[Symbol.asyncDispose]()),
  };
}
