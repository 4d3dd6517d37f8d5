import type { SrfResponse } from './srf.ts';

/** What the SIP server says of the cause, in a response that it made up; drachtio-server says nothing. */
export function whyUnheard(response: SrfResponse): string | undefined {
  const said = /^399 \S+ "([^"]*)"/.exec(response.get('Warning') ?? '')?.[1];
  return said?.replace(/[^\x20-\x7e]/g, ' ').slice(0, 400) || undefined;
}
