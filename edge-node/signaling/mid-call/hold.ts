import type { LegName } from '../../../contracts/events/call.ts';
import type { CommandOutcome } from '../../ports.ts';
import { type ApplyCommand, applied, refused } from '../apply-command.ts';
import type { Call } from '../call.ts';
import { readSession, withDirection } from '../sdp.ts';
import { codecsBetween } from '../steps/plan-codecs.ts';
import { askSide } from './ask-side.ts';
import { inExchange } from './in-exchange.ts';
import { type Joined, otherLeg } from './joined.ts';
import { negotiationOf } from './negotiation.ts';
import { silence } from './silence.ts';

/** The side is told that nobody listens (RFC 3264 §8.4); it hears recordings, and not the other side. */
export const hold: ApplyCommand<'call.hold'> = (call, { leg }) =>
  inExchange(call, async (joined) => {
    if (call.heldByCommand[leg]) return refused('wrong-state', `leg ${leg} is on hold by a command already`);
    const asked = await askSide(call, joined, leg, asTold(call, joined, leg, 'sendonly'));
    if ('why' in asked) return refused('failed', asked.why);
    const { direction } = asked;
    return change(call, leg, true, () =>
      call.say('call.held', {
        ...about(call, leg),
        direction: direction === 'sendrecv' ? 'recvonly' : direction,
      }),
    );
  });

export const resume: ApplyCommand<'call.resume'> = (call, { leg }) =>
  inExchange(call, async (joined) => {
    if (!call.heldByCommand[leg]) {
      const message = `leg ${leg} is not on hold by a command: a side that holds us resumes by itself`;
      return refused('wrong-state', message);
    }
    const asked = await askSide(call, joined, leg, asTold(call, joined, leg, undefined));
    if ('why' in asked) return refused('failed', asked.why);
    return change(call, leg, false, () => call.say('call.resumed', about(call, leg)));
  });

const about = (call: Call, leg: LegName) =>
  ({ leg, by: 'command', ...negotiationOf(call, otherLeg(leg)) }) as const;

/** What the other side says, with another direction where one is named. */
function asTold(call: Call, { sides }: Joined, leg: LegName, direction: 'sendonly' | undefined) {
  const { remote } = sides[otherLeg(leg)];
  return {
    sdp: direction ? withDirection(remote, direction) : remote,
    codecs: codecsBetween(call, readSession(remote)?.codecs ?? [], otherLeg(leg)),
  };
}

function change(call: Call, leg: LegName, isHeld: boolean, say: () => void): CommandOutcome {
  call.heldByCommand[leg] = isHeld;
  say();
  silence(call);
  return applied;
}
