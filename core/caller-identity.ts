import type { HeaderRules } from '../contracts/config.ts';
import type { Party } from '../contracts/events/call.ts';

/** Headers of a request: names in lower case, several of one name joined with commas. */
export type ReceivedHeaders = Readonly<Record<string, string>>;

/** Who calls. */
export interface CallerIdentity {
  readonly party: Party;
  /** The caller asked not to be shown to the callee (RFC 3323, RFC 3325 §9.3). */
  readonly hidden: boolean;
}

const MOST_TEXT = 2048;

/** Who calls, as far as the trunk is believed: else what From says. */
export function identityOf(
  headers: ReceivedHeaders,
  from: Party,
  rules: Pick<HeaderRules, 'trusted'>,
): CallerIdentity {
  const privacy = (headers['privacy'] ?? '').toLowerCase().split(/[;,\s]+/);
  const rpid = rules.trusted ? headers['remote-party-id'] : undefined;
  const asked = privacy.some((part) => ['id', 'user', 'header', 'session'].includes(part));
  const hidden = !privacy.includes('none') && (asked || /;\s*privacy=(full|name|uri)/i.test(rpid ?? ''));
  const asserted = rules.trusted ? (partyIn(headers['p-asserted-identity']) ?? partyIn(rpid)) : undefined;
  return { party: asserted ?? from, hidden };
}

/** First address of a list with SIP or tel URIs in angle brackets, or bare. */
function partyIn(value: string | undefined): Party | undefined {
  if (value === undefined || value.length > MOST_TEXT) return undefined;
  const [, quoted, plain, bracketed, bare] =
    /^\s*(?:(?:"((?:[^"\\]|\\.)*)"|([^<",]*))\s*<((?:sips?|tel):[^<>\s]+)>|((?:sips?|tel):[^<>\s,;]+))/i.exec(
      value,
    ) ?? [];
  const uri = bracketed ?? bare;
  if (uri === undefined) return undefined;
  const number = /^(?:sips?|tel):([^@;?]*)/i.exec(uri)?.[1] ?? '';
  if (!plainUser.test(number)) return undefined;
  const displayName = (quoted ?? plain ?? '').replace(/\\(.)/g, '$1').trim().slice(0, 256);
  return { uri, number, ...(displayName ? { displayName } : {}) };
}

/** What may stand in a URI of ours. */
const plainUser = /^[0-9A-Za-z+*#._-]{1,64}$/;

/** Where a call goes: `host` is our domain there. */
export interface Presentation {
  readonly identity: CallerIdentity;
  readonly rules: HeaderRules | undefined;
  readonly host: string;
}

export interface Presented {
  readonly from: Party;
  readonly headers: Readonly<Record<string, string>>;
}

const nobody: Party = {
  uri: 'sip:anonymous@anonymous.invalid',
  number: 'anonymous',
  displayName: 'Anonymous',
};

/** From, P-Asserted-Identity, Remote-Party-ID and Privacy of a call out. */
export function present({ identity, rules, host }: Presentation): Presented {
  const { party, hidden } = identity;
  const user = rules?.from.user ?? 'caller';
  const privacy = hidden ? { Privacy: 'id' } : {};
  const who = { ...says(party, hidden, rules, host), ...privacy };
  // RFC 3323 §4.1.1.3
  if (hidden || user === 'anonymous')
    return { from: nobody, headers: { From: `"Anonymous" <${nobody.uri}>`, ...who } };
  const number = user === 'caller' ? party.number : user;
  const ownHost = rules?.from.host;
  const from = user === 'caller' ? party : { uri: `sip:${number}@${host}`, number };
  if (ownHost === undefined || !plainUser.test(number)) return { from, headers: who };
  return { from, headers: { From: `${nameOf(from)}<sip:${number}@${ownHost}>`, ...who } };
}

/** RFC 3325 §7: who wants to be hidden is told only to those we trust. */
function says(
  party: Party,
  hidden: boolean,
  rules: HeaderRules | undefined,
  host: string,
): Record<string, string> {
  if (!rules || (hidden && !rules.trusted) || !plainUser.test(party.number) || isNobody(party.number))
    return {};
  const address = `${nameOf(party)}<sip:${party.number}@${rules.from.host ?? host}>`;
  const privacy = hidden ? 'full' : 'off';
  return {
    ...(rules.assertedIdentity === 'send' ? { 'P-Asserted-Identity': address } : {}),
    ...(rules.remotePartyId === 'send'
      ? { 'Remote-Party-ID': `${address};party=calling;screen=yes;privacy=${privacy}` }
      : {}),
  };
}

const isNobody = (number: string) => /^(anonymous|unknown|restricted|unavailable)$/i.test(number);

/** What a caller wrote is not taken into a header of ours unless it is plain. */
const nameOf = ({ displayName }: Party): string => {
  const plain = (displayName ?? '').replace(/[^\p{L}\p{N} .,'()+_-]/gu, '').slice(0, 64);
  return plain ? `"${plain}" ` : '';
};
