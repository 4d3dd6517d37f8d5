import { identifyCaller } from '../../../core/identify-caller.ts';
import { trunksOfSource } from '../../../core/identify-trunk.ts';
import type { Step } from './step.ts';

/** Overload and drain: under a millisecond of work, no event, no record. */
export const refuseIfFull: Step = ({ context }) => {
  const reason = context.admission.wouldRefuse(context.calls.size);
  return reason && { reason };
};

/** Only a trunk may call: one that is known by its address, its credentials, or both. Whoever is nobody is not told why. */
export const refuseUnknownSource: Step = (call) => {
  if (call.handover) return undefined;
  const { context, invite } = call;
  const trunks = context.snapshot.current()?.config.trunks;
  if (!trunks) return { reason: 'edge-not-ready' };
  const { address } = invite.source;
  const owner = context.bindings.ownerOf(invite.source);
  const evidence = {
    bySource: trunksOfSource(address, trunks),
    byDigest: call.proven?.trunk,
    byContact: owner?.trunk,
  };
  const caller = identifyCaller(evidence, trunks);
  if (caller.trunk === undefined) {
    const seen = { address, why: caller.why };
    context.log.warn(`${caller.reason} caller`, seen, 'refused an INVITE: its sender is no caller of ours');
    return { reason: 'unknown-source' };
  }
  call.trunk = caller.trunk;
  // Who proves to be somebody for this call is that one, whoever else is registered from there.
  const user = (call.proven ?? owner)?.user;
  if (user !== undefined) call.user = user;
  return undefined;
};

/** Counted once it is known who calls: strangers must not use up the calls that this edge takes in a second. */
export const refuseIfNotAdmitted: Step = ({ context }) => {
  const reason = context.admission.refuse(context.calls.size);
  return reason && { reason };
};

/** A trunk's own limits count both directions, so a caller can be one too many while the edge has room. */
export const refuseOverTrunkLimit: Step = (call) => {
  // Its only leg over the trunk is the one to the user.
  if (call.handover) return undefined;
  const release = call.context.trunks.take(call.trunk);
  if (!release) return { reason: 'trunk-limit' };
  call.holdFor('a', release);
  return undefined;
};
