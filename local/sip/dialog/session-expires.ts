import type { SipMessage } from '../message/sip-message.ts';

/** How long a session lasts unless it is refreshed, and by whom (RFC 4028 §4). */
export interface SessionExpires {
  readonly seconds: number;
  /** the sender of the request, or of the response; undefined when it was left open */
  readonly refresher: 'uac' | 'uas' | undefined;
}

/** The shortest anyone may ask for, in seconds (§4). */
export const shortestSession = 90;

export function sessionExpires(value: string | undefined): SessionExpires | undefined {
  const parts = /^(\d{1,9})\s*(;.*)?$/.exec(value ?? '');
  if (!parts?.[1]) return undefined;
  const refresher = /;\s*refresher\s*=\s*(uac|uas)\b/i.exec(parts[2] ?? '')?.[1]?.toLowerCase();
  return {
    seconds: Number(parts[1]),
    refresher: refresher === 'uac' || refresher === 'uas' ? refresher : undefined,
  };
}

/** §9: too short a session is refused to who would understand the refusal. */
export function tooShort(request: SipMessage): boolean {
  if (request.method !== 'INVITE' && request.method !== 'UPDATE') return false;
  const asked = sessionExpires(request.first('session-expires'));
  return asked !== undefined && asked.seconds < shortestSession && request.lists('supported', 'timer');
}
