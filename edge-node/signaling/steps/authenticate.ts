import { identifyCaller } from '../../../core/identify-caller.ts';
import { trunksOfSource } from '../../../core/identify-trunk.ts';
import { accountsOf } from '../auth/accounts.ts';
import { type CheckedClaim, checkClaim } from '../auth/check-credentials.ts';
import type { Call, Verdict } from '../call.ts';
import type { Step } from './step.ts';

/**
 * Asks whoever can only be known by digest to prove it (RFC 3261 §22), and whoever claims to be somebody: one who is known
 * by address already may thus turn out to be another trunk as well.
 */
export const authenticate: Step = async (call) => {
  if (call.handover) return undefined;
  const { context, invite } = call;
  const trunks = context.snapshot.current()?.config.trunks ?? {};
  const bySource = trunksOfSource(invite.source.address, trunks);
  const accounts = accountsOf(bySource, trunks);
  if (accounts.length === 0) return undefined;
  const byContact = context.bindings.ownerOf(invite.source)?.trunk;
  const known = identifyCaller({ bySource, byContact }, trunks);
  const mustProve = known.trunk === undefined && known.reason === 'unproven';
  if (!mustProve && invite.authorization === undefined) return undefined;
  const { authorization, source, to } = invite;
  const claim = { authorization, method: 'INVITE', uri: to.uri, source: source.address };
  const checked = await checkClaim(claim, accounts, context);
  if (checked.kind === 'accepted') call.proven = checked.account;
  else if (mustProve || checked.kind !== 'challenge' || checked.claimed) return refusal(call, checked);
  return undefined;
};

function refusal(call: Call, checked: Exclude<CheckedClaim, { kind: 'accepted' }>): Verdict {
  const { address } = call.invite.source;
  const { logger, log } = call.context;
  if (checked.kind === 'no-secret') {
    const { detail } = checked;
    logger.error({ address, detail }, 'a caller cannot be asked who it is');
    return { reason: 'secret-missing', detail };
  }
  if (checked.kind === 'held-off') return { reason: 'authentication-failed' };
  const headers = { 'WWW-Authenticate': checked.challenges };
  if (!checked.failed) return { reason: 'authentication-required', headers };
  log.warn('credentials', { address }, 'refused an INVITE with credentials that are not right');
  return { reason: 'authentication-failed', sipStatus: 401, headers };
}
