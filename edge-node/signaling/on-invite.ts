import { Call } from './call.ts';
import type { SignalingContext } from './context.ts';
import type { IncomingInvite } from './sip.ts';
import {
  refuseIfFull,
  refuseIfNotAdmitted,
  refuseOverTrunkLimit,
  refuseUnknownSource,
} from './steps/admit.ts';
import { askForDecision, refuseWithoutCodec } from './steps/ask-for-decision.ts';
import { authenticate } from './steps/authenticate.ts';
import { connectLegs } from './steps/connect-legs.ts';
import { dialOut } from './steps/dial-out.ts';
import { openCall, readOffer, refusePlainMedia } from './steps/open-call.ts';
import { orApologize } from './steps/or-apologize.ts';
import { inOrder } from './steps/step.ts';
import { takeHandover } from './steps/take-handover.ts';

const steps = inOrder(
  refuseIfFull,
  takeHandover,
  authenticate,
  refuseUnknownSource,
  refuseIfNotAdmitted,
  refuseOverTrunkLimit,
  openCall,
  readOffer,
  refusePlainMedia,
  askForDecision,
  refuseWithoutCodec,
  orApologize(dialOut),
  connectLegs,
);

/** An INVITE from the door to two joined legs. A bug in a step ends the call, never the process. */
export function onInvite(context: SignalingContext, invite: IncomingInvite): void {
  const call = new Call(context, invite);
  steps(call).catch((error: unknown) => {
    context.logger.error({ callId: call.id, err: error }, 'a step of the INVITE failed');
    void call.end({
      reason: 'internal-error',
      detail: error instanceof Error ? error.message : String(error),
    });
  });
}
