import type { CommandOf, Destination } from '../../../contracts/commands.ts';
import type { RoutingConfig } from '../../../contracts/config.ts';
import type { Route } from '../../../contracts/route-decision.ts';
import { routeTo } from '../../../core/route-to.ts';
import { terminations } from '../../../core/terminations.ts';
import { type ApplyCommand, applied, refused } from '../apply-command.ts';
import type { Call } from '../call.ts';
import { joinedOf } from '../mid-call/joined.ts';
import { occupantOf } from '../occupant.ts';
import { inWords, nameOf, partyOf } from '../originate/plan.ts';
import { readSdp } from '../sdp.ts';
import { bridge } from './bridge.ts';
import { referOut } from './refer-out.ts';
import { Transferring } from './transferring.ts';

/** What comes of it is told by events, and need not be waited for. */
export const transfer: ApplyCommand<'call.transfer'> = (call, command) => {
  if (!joinedOf(call)) return refused('wrong-state', 'the call is not answered: wait for call.answered');
  if (call.transfer) {
    const message = 'a transfer is on its way: wait for call.transferred or call.transfer-failed';
    return refused('wrong-state', message);
  }
  const { to, kind, leg } = command;
  const { config } = call.context.snapshot.current() ?? {};
  const route = config && wayTo(call, command, config);
  if (!route || route.action === 'refuse') {
    const reason = route?.reason ?? 'edge-not-ready';
    return refused('failed', `to: ${reason}: ${terminations[reason].meaning}`);
  }
  const transferring = new Transferring(call, { kind, by: 'command', target: inWords(to), stays: leg });
  setImmediate(() => {
    transferring.begin();
    if (transferring.isOver) return;
    const { ringSeconds } = command;
    if (kind === 'bridged')
      void bridge(call, {
        transfer: transferring,
        route: { ...route, ringSeconds },
        to: partyOf(nameOf(to)),
      });
    else void referOut(call, transferring, { uri: addressOf(call, command, route), ringSeconds });
  });
  return applied;
};

type Ask = CommandOf<'call.transfer'>;

function wayTo(call: Call, { to, leg, kind }: Ask, config: RoutingConfig): Route {
  const { trunk = '', party } = occupantOf(call, leg);
  const offer = kind === 'bridged' && call.sides ? readSdp(call.sides[leg].remote) : undefined;
  const time = new Date(call.context.clock.now()).toISOString();
  const asked = { callId: call.id, trunk, from: party, to: partyOf(nameOf(to)), time };
  return routeTo(to, { ...asked, ...(offer ? { offer } : {}) }, config);
}

/** A number is dialled by who is asked to, in its own domain; anybody else has an address. */
function addressOf(call: Call, { to, leg }: Ask, { targets }: Extract<Route, { action: 'connect' }>): string {
  if (!isNumber(to)) return targets[0]?.uri ?? '';
  const place = /@([^;?>\s]+)/.exec(call[leg]?.remoteUri ?? '')?.[1] ?? 'localhost';
  return `sip:${to.number}@${place}`;
}

const isNumber = (to: Destination): to is Extract<Destination, { number: string }> => 'number' in to;
