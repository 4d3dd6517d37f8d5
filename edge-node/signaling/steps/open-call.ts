import type { Party } from '../../../contracts/events/call.ts';
import { registeredUser } from '../../../core/registration.ts';
import type { Call } from '../call.ts';
import { isSecure, readSdp } from '../sdp.ts';
import { callerOf } from './present-caller.ts';
import type { Step } from './step.ts';

/** From here on the call has an id and a record, and every way out of it is an event. */
export const openCall: Step = (call) => {
  const { context, invite } = call;
  call.opened = true;
  context.calls.set(call.id, call);
  invite.cancelled.addEventListener('abort', () => {
    if (call.a) return;
    const reason = context.link.connected() ? 'caller-cancelled' : 'sip-server-lost';
    void call.end({ reason });
  });
  return undefined;
};

/** An INVITE with a body that is not a usable SDP is malformed; one without a body is a late offer. */
export const readOffer: Step = (call) => {
  const { invite } = call;
  const offer = invite.sdp === undefined ? undefined : readSdp(invite.sdp);
  call.offer = offer;
  call.takesDigits.a = offer?.dtmf ?? false;
  const { identity, taken } = callerOf(call);
  call.received = call.say(
    'call.received',
    {
      trunk: call.trunk,
      from: identity.party,
      to: calledParty(call),
      sipCallId: invite.sipCallId.slice(0, 1024),
      source: invite.source,
      ...(call.handover?.continues === undefined ? {} : { continues: call.handover.continues }),
      ...(identity.hidden ? { hidden: true } : {}),
      ...(Object.keys(taken.custom).length > 0 ? { headers: taken.custom } : {}),
      ...(offer ? { offer } : {}),
    },
    { urgent: true, expiresAt: new Date(call.context.clock.now() + call.context.decisionMs).toISOString() },
  );
  if (invite.sdp !== undefined && !offer) {
    return {
      reason: 'malformed-request',
      detail: 'the body says application/sdp but has no readable audio stream (RFC 4566)',
    };
  }
  return undefined;
};

/** A trunk that demands SRTP takes no offer without it; a late offer is ours, and asks for it. */
export const refusePlainMedia: Step = ({ context, trunk, invite }) => {
  const { encryption } = context.snapshot.current()?.config.trunks[trunk] ?? {};
  if (encryption !== 'required' || invite.sdp === undefined || isSecure(invite.sdp)) return undefined;
  return { reason: 'encryption-required', detail: `trunk "${trunk}" takes SRTP only, and RTP was offered` };
};

/** A carrier with which we registered a user calls that user; which number it is for only its To header says. */
function calledParty({ context, trunk, invite }: Call): Party {
  const config = context.snapshot.current()?.config.trunks[trunk];
  const byUser = config && registeredUser(config) === invite.to.number;
  return (byUser ? invite.addressed : undefined) ?? invite.to;
}
