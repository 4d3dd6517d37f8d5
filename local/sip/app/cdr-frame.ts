import { time } from './app-tokens.ts';

/** Of a call that was connected: what we were to it. */
export type CdrRole = 'uac' | 'uas' | 'proxy-uac' | 'proxy-uas';

/** Why a call is over, or never was. The last is what drachtio-server says of a call it hung up because of its CANCEL. */
type CdrReason =
  | 'call-rejected'
  | 'call-canceled'
  | 'normal-release'
  | 'session-expired'
  | 'system-initiated-termination';

/** Who sent the message the record is about: a peer, or we for an application. */
type CdrSource = 'network' | 'application';

/** One record of a call, without its id (drachtio-srf lib/drachtio-agent.js `_onMsg`). */
export type Cdr =
  | { readonly event: 'attempt'; readonly source: CdrSource }
  | { readonly event: 'start'; readonly source: CdrSource; readonly role: CdrRole }
  | { readonly event: 'stop'; readonly source: CdrSource; readonly reason: CdrReason };

export function cdrFrame(cdr: Cdr, text: string): string {
  const more = cdr.event === 'start' ? `|${cdr.role}` : cdr.event === 'stop' ? `|${cdr.reason}` : '';
  return `cdr:${cdr.event}|${cdr.source}|${time()}${more}\r\n${text}`;
}
