import { Command } from '../../../contracts/commands.ts';
import type { RoutingConfigInput } from '../../../contracts/config.ts';
import type { TrunklineEvent } from '../../../contracts/events.ts';
import { FakeInvite, sdpOf, stage, twoTargets } from './stage.ts';

const US = '+12125550123';
export type TrunkInput = RoutingConfigInput['trunks'][string];
type AgentInput = RoutingConfigInput['agents'][string];

const config = (carrier: TrunkInput, far: TrunkInput | undefined, agent: Partial<AgentInput>) =>
  ({
    ...twoTargets,
    trunks: {
      carrier: { sources: ['192.0.2.0/24'], ...carrier },
      far: { endpoints: [{ host: '198.51.100.1', port: 5060 }], ...far },
    },
    agents: { echo: { targets: [{ uri: 'sip:first@198.51.100.1' }], ...agent } },
    routes: { us: { prefix: '+1212', from: ['carrier'], trunks: [{ trunk: 'far' }] } },
  }) satisfies RoutingConfigInput;

/** SDP of somebody who takes no telephone-event. */
export const withoutEvents = sdpOf('0').replace(/a=rtpmap.*\r\n/, '');

type CommandWords = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface Between {
  readonly carrier?: TrunkInput;
  /** Where the call goes out over a trunk. */
  readonly far?: TrunkInput;
  /** Where it goes to an agent. */
  readonly agent?: Partial<AgentInput>;
  readonly answer?: string;
  readonly keys?: RoutingConfigInput['keys'];
}

/** A call that is up; its dialogs, and what rtpengine reports of its digits. */
export async function callUp({ carrier = {}, far, agent = {}, answer = sdpOf(), keys = {} }: Between = {}) {
  const s = stage({ config: { ...config(carrier, far, agent), keys } });
  const alice = s.invite(far ? new FakeInvite({ to: US }) : new FakeInvite());
  await s.settled();
  s.attempt(0).answers(answer);
  await s.settled();
  const [call] = s.calls.values();
  if (!call) throw new Error('there is no call');
  const hears = async (leg: 'a' | 'b', digit: string, durationMs = 160) => {
    call.digits.heard({ callId: call.id, leg, digit, durationMs });
    await s.settled();
  };
  /** Long enough for a digit that is played. */
  const playedOut = async (ms = 1_000) => {
    await s.settled();
    s.clock.pass(ms);
    await s.settled();
  };
  const said = () =>
    s.events.flatMap((event) => {
      if (event.type === 'dtmf.received' || event.type === 'dtmf.delivered')
        return [`${event.type} ${event.digit ?? '?'} ${event.leg} ${event.mode}`];
      return event.type === 'dtmf.delivery-gap'
        ? [`${event.type} ${event.digit} ${event.leg} ${event.reason}`]
        : [];
    });
  /** What is encrypted takes more than a turn. */
  const until = async (type: TrunklineEvent['type']) => {
    while (!s.types().includes(type)) await s.settled();
  };
  const command = (words: CommandWords) => {
    const sent = Command.parse({ version: 1, id: s.clock.newId(), callId: call.id, ...words });
    return call.command(sent);
  };
  return { s, call, command, until, alice, a: alice.dialog, b: s.attempt(0).dialog, hears, playedOut, said };
}

export const relay = (digit: string) =>
  ['application/dtmf-relay', `Signal=${digit}\r\nDuration=160\r\n`] as const;
