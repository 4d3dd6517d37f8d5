import type { Party } from '../../../contracts/events/call.ts';
import { identityOf, present } from '../../../core/caller-identity.ts';
import { passHeaders, takeHeaders } from '../../../core/passed-headers.ts';
import { parseUri } from '../../../core/sip-uri.ts';
import type { Call } from '../call.ts';
import type { DialRequest } from '../sip.ts';

const rulesOf = (call: Call, trunk: string | undefined) =>
  trunk === undefined ? undefined : call.context.snapshot.current()?.config.trunks[trunk]?.headers;

/** Who calls, and the headers that the caller's trunk lets in, as the event and the target are told. */
export function callerOf(call: Call) {
  const { headers } = call.invite;
  const from = senderOf(call);
  const rules = rulesOf(call, call.trunk);
  if (!rules) return { identity: { party: from, hidden: false }, taken: { custom: {} } };
  const believed = call.user === undefined ? rules : { trusted: false };
  return { identity: identityOf(headers, from, believed), taken: takeHeaders(headers, rules) };
}

/** A user is who it is registered as, whatever it writes into From; only the name to be shown is its own. */
function senderOf({ context, invite: { from }, trunk, user }: Call): Party {
  if (user === undefined) return from;
  const realm = context.snapshot.current()?.config.trunks[trunk]?.registrar?.realm ?? 'localhost';
  const { displayName } = from;
  return { uri: `sip:${user}@${realm}`, number: user, ...(displayName ? { displayName } : {}) };
}

/** What one target hears of the caller; `trunk` where it is a carrier's. */
export function presentCaller(
  call: Call,
  target: { readonly uri: string; readonly trunk?: string | undefined },
): Pick<DialRequest, 'from' | 'headers'> {
  const rules = rulesOf(call, target.trunk);
  const { identity, taken } = callerOf(call);
  const host = parseUri(target.uri)?.host ?? 'localhost';
  const { from, headers } = present({ identity, rules, host });
  const { by, replaces = {} } = call.referred ?? {};
  const told = by === undefined ? taken : { ...taken, referredBy: by };
  return {
    from,
    headers: { ...passHeaders(told, rules), ...replaces, ...headers, 'X-Trunkline-Call-Id': call.id },
  };
}
