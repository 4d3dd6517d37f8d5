import type { RoutingConfigInput } from '../../contracts/config.ts';
import type { EventOf, EventType, TrunklineEvent } from '../../contracts/events.ts';
import type { CallState } from '../../core/call-state.ts';
import type { BusEvent } from '../../local/cloud/local-cloud.ts';
import { DevEnv, type DevEnvOptions } from '../../local/dev-env.ts';
import type { CallReport } from '../../local/phone/phones.ts';

type Call = Parameters<DevEnv['call']>[0];

/** One call as each side tells it, when all is over. */
export interface CallStory {
  /** What the carrier saw. */
  readonly carrier: CallReport;
  /** What stands in DynamoDB. */
  readonly record: CallState;
  /** What was said on the bus, in the order of the bus. */
  readonly events: readonly TrunklineEvent[];
}

export interface Platform extends AsyncDisposable {
  readonly env: DevEnv;
  /** The next event of this type from now on. Ask before causing it. */
  next<T extends EventType>(
    type: T,
    where?: (event: EventOf<T>) => boolean,
    withinMs?: number,
  ): Promise<EventOf<T>>;
  /** Places a call, waits until everything is settled and gives all that is known of it. */
  place(call: Call): Promise<CallStory>;
  /** Everything said on the bus for one call. */
  said(callId: string): readonly TrunklineEvent[];
  /** Text of /metrics of the edge. */
  metrics(): Promise<string>;
}

const WITHIN_MS = 20_000;

const eventIn = ({ detail }: BusEvent) => detail as TrunklineEvent;

/** The whole platform of one test file, with ears on the bus. */
export async function startPlatform(options: DevEnvOptions): Promise<Platform> {
  const ears = new Set<(event: BusEvent) => void>();
  const env = await DevEnv.create({
    ...options,
    onEvent: (event) => {
      for (const hear of ears) hear(event);
    },
  });
  const next: Platform['next'] = (type, where = () => true, withinMs = WITHIN_MS) =>
    new Promise((resolve, reject) => {
      const stop = () => {
        ears.delete(hear);
        clearTimeout(late);
      };
      const hear = (event: BusEvent) => {
        if (event['detail-type'] !== type || !where(event.detail as EventOf<typeof type>)) return;
        stop();
        resolve(event.detail as EventOf<typeof type>);
      };
      const late = setTimeout(() => {
        stop();
        const heard = env
          .events()
          .slice(-20)
          .map((event) => event['detail-type']);
        reject(new Error(`no ${type} within ${withinMs} ms; the bus last said: ${heard.join(', ')}`));
      }, withinMs);
      ears.add(hear);
    });
  const said = (callId: string) =>
    env
      .events()
      .map(eventIn)
      .filter((event) => 'callId' in event && event.callId === callId);
  return {
    env,
    next,
    said,
    async place(call) {
      const before = env.events('call.received').length;
      const carrier = await env.call(call);
      await env.settled();
      const [received, ...more] = env.events('call.received').slice(before).map(eventIn);
      const callId = received && 'callId' in received ? received.callId : undefined;
      if (callId === undefined || more.length > 0) {
        throw new Error(`${more.length} calls more than one; carrier: ${carrier.errors}`);
      }
      const record = await env.state.call(callId);
      if (!record) throw new Error(`call ${callId} has no record`);
      return { carrier, record, events: said(callId) };
    },
    async metrics() {
      const { host, port } = env.edge.http;
      return (await fetch(`http://${host}:${port}/metrics`)).text();
    },
    [Symbol.asyncDispose]: () => env[Symbol.asyncDispose](),
  };
}

/** Number that the configurations of these tests route to their agent. */
export const NUMBER = '+15550100';

/** One trunk from this machine, one number, one agent with these targets. */
export const routeTo = (
  targets: readonly string[],
  policy: NonNullable<RoutingConfigInput['policies']>[string] = {},
): RoutingConfigInput => ({
  version: 1,
  trunks: { carrier: { sources: ['127.0.0.0/8'] } },
  numbers: { [NUMBER]: { agent: 'echo' } },
  agents: {
    echo: { targets: targets.map((uri, index) => ({ uri, priority: index + 1 })), policy: 'tested' },
  },
  policies: { tested: { quality: 'capture', ...policy } },
});

/** Types of events, in the order of their numbers; digits and media apart, whose order is that of packets. */
export const storyOf = (events: readonly TrunklineEvent[]): readonly string[] =>
  events
    .filter(({ type }) => type.startsWith('call.'))
    .toSorted((one, other) => seqOf(one) - seqOf(other))
    .map(({ type }) => type);

export const seqOf = (event: TrunklineEvent) => ('seq' in event ? (event.seq ?? 1e9) : 1e9);
