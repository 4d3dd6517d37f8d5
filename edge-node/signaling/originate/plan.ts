import type { CommandOf, Destination } from '../../../contracts/commands.ts';
import type { VersionedConfig } from '../../../contracts/config.ts';
import type { Offer, Party } from '../../../contracts/events/call.ts';
import type { Route } from '../../../contracts/route-decision.ts';
import { routeTo } from '../../../core/route-to.ts';
import { nobody } from './own-invite.ts';

type Originate = CommandOf<'call.originate'>;

/** A party that is called, and who it sees calling. */
interface Side {
  readonly from: Party;
  readonly to: Party;
}

/** The two parties of a call that a command asks for, in the order in which they are called. */
export interface Plan {
  readonly first: Side;
  readonly second: Side;
  readonly firstRoute: Route;
  /** `offer`: what the first party can hear and say, once that is known. */
  secondRoute(config: VersionedConfig, offer?: Offer): Route;
}

/** An agent sees who it will talk to; a number sees whoever the command says is calling. */
export function planCalls(command: Originate, current: VersionedConfig, time: string): Plan {
  const { callId, to, connect, ringSeconds } = command;
  const from = command.from === undefined ? nobody : partyOf(command.from);
  const route = ({ config }: VersionedConfig, destination: Destination, side: Side, offer?: Offer): Route => {
    const call = { callId, trunk: '', ...side, time, ...(offer ? { offer } : {}) };
    const found = routeTo(destination, call, config);
    return found.action === 'connect' ? { ...found, ringSeconds } : found;
  };
  const firstRoute = route(current, to, { from, to: partyOf(nameOf(to)) });
  const uri = firstRoute.action === 'connect' ? firstRoute.targets[0]?.uri : undefined;
  const first = { from, to: { ...partyOf(nameOf(to)), ...(uri === undefined ? {} : { uri }) } };
  const second = { from: 'number' in connect ? from : first.to, to: partyOf(nameOf(connect)) };
  return {
    ...{ first, second, firstRoute },
    secondRoute: (config, offer) => route(config, connect, second, offer),
  };
}

export const partyOf = (number: string): Party => ({ uri: `sip:${number}@localhost`, number });

export function nameOf(destination: Destination): string {
  if ('number' in destination) return destination.number;
  if ('agent' in destination) return destination.agent;
  return 'user' in destination ? destination.user : destination.uri.replace(/^sips?:|@.*$/g, '');
}

/** For a reader of the events. */
export function inWords(destination: Destination): string {
  if ('number' in destination) return destination.number;
  if ('agent' in destination) return `agent ${destination.agent}`;
  return 'user' in destination ? `user ${destination.user} of ${destination.trunk}` : destination.uri;
}
