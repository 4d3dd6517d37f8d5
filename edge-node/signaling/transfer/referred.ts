import type { Headers } from '../sip.ts';

/** What a REFER adds to the INVITE that it asks for. */
export interface Referred {
  /** Referred-By (RFC 3892), where the referrer's trunk lets it in; whom it goes to, the target's trunk says. */
  readonly by?: string | undefined;
  /** Replaces (RFC 3891). */
  readonly replaces?: Headers;
}
