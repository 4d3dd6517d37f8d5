import * as z from 'zod';
import type { Command } from '../contracts/commands.ts';
import { Codec, type Policy } from '../contracts/config.ts';
import { CallAnswered } from '../contracts/events/call.ts';
import { MediaContractBroken } from '../contracts/events/media.ts';
import type { CallState } from '../core/call-state.ts';
import type { Outcome } from './bus-handler.ts';
import { type CallPorts, recordOf, replyToOf } from './call-record.ts';
import { derivedId } from './derived-id.ts';
import type { Clock, CommandRecords, EdgeQueues } from './ports.ts';
import type { Routing } from './routing.ts';

/** The media of a call is converted, or is another than was agreed on. */
export const Moment = z.discriminatedUnion('type', [CallAnswered, MediaContractBroken]);
type Moment = z.infer<typeof Moment>;

export interface CodecPolicyPorts extends CallPorts {
  readonly routing: Routing;
  readonly commands: CommandRecords;
  readonly edges: EdgeQueues;
  readonly clock: Clock;
}

/** A call changes in the meantime: what is asked for later than this is no answer to the event, ms. */
const WORTH_MS = 10_000;

/**
 * Asks a side for other media where the policy of its agent says so, and never otherwise. Ids are derived: an event that is
 * delivered twice asks once.
 */
export const mendMedia =
  (ports: CodecPolicyPorts) =>
  async (moment: Moment): Promise<Outcome> => {
    const { callId } = moment;
    const call = await recordOf(ports, callId);
    const queue = replyToOf(call);
    if (queue === undefined) return { outcome: 'over-already' };
    const policy = policyOf(call, (await ports.routing.load()).config);
    const wanted = policy && wantedOf(moment, policy);
    if (!wanted) return { outcome: 'nothing-to-do', routine: true };
    const command: Command = {
      ...{ version: 1, type: 'call.update-media', callId, ...wanted },
      id: derivedId(callId, `update-media ${moment.id}`),
      expiresAt: new Date(ports.clock.now() + WORTH_MS).toISOString(),
    };
    await ports.edges.send(queue, await ports.commands.keepFirst(command));
    return { outcome: 'sent', facts: { leg: wanted.leg } };
  };

function policyOf({ routed }: CallState, config: { readonly agents: object; readonly policies: object }) {
  const agents = config.agents as Readonly<Record<string, { readonly policy: string }>>;
  const policies = config.policies as Readonly<Record<string, Policy>>;
  const name =
    routed?.agent !== undefined && Object.hasOwn(agents, routed.agent)
      ? agents[routed.agent]?.policy
      : undefined;
  return name !== undefined && Object.hasOwn(policies, name) ? policies[name] : undefined;
}

type Wanted = Pick<Extract<Command, { type: 'call.update-media' }>, 'leg' | 'codecs' | 'ptime'>;

/** What a side is asked for; undefined where the policy is content. */
function wantedOf(moment: Moment, { media }: Policy): Wanted | undefined {
  if (moment.type === 'call.answered') {
    const spoken = Codec.safeParse(moment.codecs.a).data;
    const isWanted = media.onTranscoded === 'update' && moment.transcoded && spoken !== undefined;
    return isWanted ? { leg: 'b', codecs: [spoken] } : undefined;
  }
  if (media.onContractBroken !== 'update') return undefined;
  const { leg, promise, agreed } = moment;
  if (promise === 'ptime') return { leg, ptime: Number.parseInt(agreed, 10) };
  const codecs = agreed.split(', ').flatMap((name) => Codec.safeParse(name).data ?? []);
  return promise === 'codec' && codecs.length > 0 ? { leg, codecs } : undefined;
}
