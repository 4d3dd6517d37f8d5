import { RoutingConfig } from '../../contracts/config.ts';
import { startEcho } from '../../examples/agents/echo/echo.ts';
import type { AgentHeard, DemoResult } from './demo-checks.ts';
import { startQuickstart } from './quickstart.ts';

export interface DemoAgents extends AsyncDisposable {
  readonly config: RoutingConfig;
  /** The number to call. */
  readonly number: string;
  /** Once the call is over. */
  heard(): Promise<DemoResult['agent']>;
}

/** The echo agent of the quickstart, called by SIP. */
export async function sipAgent(): Promise<DemoAgents> {
  const quickstart = await startQuickstart();
  return {
    config: quickstart.config,
    number: quickstart.number,
    heard: () => quickstart.agent.report(),
    [Symbol.asyncDispose]: () => quickstart[Symbol.asyncDispose](),
  };
}

/** examples/agents/echo, with the quickstart's agent as the human behind it, to whom `#` leads. */
export async function socketAgent(): Promise<DemoAgents> {
  const { config, number, agent: human, ...quickstart } = await startQuickstart();
  const frames: Buffer[] = [];
  let digits = '';
  let clear = 0;
  const echo = await startEcho({
    onAudio: (frame) => void frames.push(frame),
    onKey: (key) => {
      // While a key is pressed nothing is said: from here on there are holes in the words.
      if (digits === '') clear = frames.length;
      digits += key;
    },
  });
  const { echo: desk } = config.agents;
  if (!desk) throw new Error('the quickstart has no agent "echo"');
  const socket = { websocket: echo.pcm, dialect: 'pcm', rate: RATE, parameters: { human: 'human' } };
  const agents = { echo: { ...desk, targets: [socket] }, human: desk };
  return {
    number,
    config: RoutingConfig.parse({ ...config, agents }),
    async heard(): Promise<AgentHeard> {
      const pcm = samplesOf(frames.slice(0, clear));
      return { frames: frames.length, pcm, digits, human: await human.report() };
    },
    async [Symbol.asyncDispose]() {
      await echo[Symbol.asyncDispose]();
      await quickstart[Symbol.asyncDispose]();
    },
  };
}

const RATE = 16_000;

/** Every second sample: 8 kHz, as all that is compared. */
function samplesOf(frames: readonly Buffer[]): Int16Array {
  const bytes = Uint8Array.from(Buffer.concat(frames));
  return new Int16Array(bytes.buffer).filter((_, index) => index % 2 === 0);
}
