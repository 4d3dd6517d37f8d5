import type { RoutingConfigInput } from '../../contracts/config.ts';
import type { TrunklineEvent } from '../../contracts/events.ts';
import { Parts } from '../../edge-node/parts.ts';
import { DevEnv } from '../../local/dev-env.ts';
import { type Dispatcher, startDispatcher } from './dispatcher.ts';
import { type CarrierPeer, startCarrierPeer } from './load.ts';

export interface StageOptions {
  /** OPTIONS of an edge to each carrier. */
  readonly probeSeconds: number;
  readonly edgeLostAfterSeconds: number;
  /** Longest time that a draining edge gives its calls, s. */
  readonly drainSeconds: number;
  readonly onStep: (step: string) => void;
}

/** An event, and when it was on the bus, ms since 1970. */
export interface Heard {
  readonly at: number;
  readonly event: TrunklineEvent;
}

/** Two edges with two rtpengines each, the carrier that calls them in turns, and two carriers that they call. */
export interface Stage extends AsyncDisposable {
  readonly env: DevEnv;
  readonly dispatcher: Dispatcher;
  readonly carriers: readonly [CarrierPeer, CarrierPeer];
  readonly probe: { readonly everySeconds: number; readonly timeoutSeconds: number; readonly down: number };
  /** All that was said, in the order of the bus. */
  readonly heard: readonly Heard[];
}

/** Number that both carriers may be called for. */
export const NUMBER = '+12125550123';
/** Where the calling carrier and the two called ones live: as in examples/two-carriers. */
const [callingHost, ...calledHosts] = ['127.0.0.2', '127.0.0.3', '127.0.0.4'] as const;

export async function raiseStage(options: StageOptions): Promise<Stage> {
  const parts = new Parts();
  try {
    const carriers = [
      parts.use(await startCarrierPeer(calledHosts[0])),
      parts.use(await startCarrierPeer(calledHosts[1])),
    ] as const;
    const heard: Heard[] = [];
    const probe = { everySeconds: options.probeSeconds, timeoutSeconds: 1, down: 2, of: 3, up: 2 };
    const env = parts.use(
      await DevEnv.create({
        ...{ config: routesOver(carriers, probe), edges: 2, rtpengines: 2, edge: 'process' },
        edgeSettings: { TRUNKLINE_DRAIN_SECONDS: options.drainSeconds },
        stack: { edgeLostAfterSeconds: options.edgeLostAfterSeconds },
        onEvent: ({ detail }) => heard.push({ at: Date.now(), event: detail as TrunklineEvent }),
        onStep: options.onStep,
      }),
    );
    const dispatcher = parts.use(
      await startDispatcher(
        callingHost,
        env.edges.map(({ sip }) => sip),
      ),
    );
    return {
      ...{ env, dispatcher, carriers, heard, probe },
      [Symbol.asyncDispose]: () => parts[Symbol.asyncDispose](),
    };
  } catch (error) {
    await parts[Symbol.asyncDispose]();
    throw error;
  }
}

/** Half of the calls begin at either carrier, and go on to the other one after four seconds without an answer. */
function routesOver(carriers: readonly CarrierPeer[], probe: object): RoutingConfigInput {
  const [one, two] = carriers.map(({ host, port }) => ({ endpoints: [{ host, port }], probe }));
  return {
    version: 1,
    trunks: { callers: { sources: [`${callingHost}/32`] }, one: { ...one }, two: { ...two } },
    numbers: {},
    agents: {},
    routes: {
      us: { prefix: '+1', from: ['callers'], trunks: [{ trunk: 'one' }, { trunk: 'two' }], policy: 'quick' },
    },
    policies: { quick: { ringSeconds: 4 } },
  };
}
