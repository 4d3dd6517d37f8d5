import type { Hops } from '../locate/locator.ts';
import type { SipMessage } from '../message/sip-message.ts';
import type { IncomingResponse } from '../transaction/incoming-response.ts';
import { clientKey } from '../transaction/keys.ts';
import { RequestClient } from '../transaction/request-client.ts';
import type { Hop, Listener } from '../transport/flow.ts';
import { finish, newTag, startResponse, withNewBranch } from './compose.ts';
import type { Engine } from './engine.ts';

/** What became of a request that is no INVITE. */
export interface RequestOutcome {
  response(response: IncomingResponse): void;
  /** no final response; `made` is one made up in its place */
  failed(made: SipMessage): void;
}

export const nobodyWaits: RequestOutcome = { response: () => {}, failed: () => {} };

/** Send a request that is no INVITE through a transaction of its own. */
export function sendRequest(
  engine: Engine,
  request: SipMessage,
  hop: Hop,
  from: Listener,
  outcome: RequestOutcome,
): void {
  const key = clientKey(request.via?.branch ?? '', request.method);
  let broken: Error | undefined;
  const outlet = engine.transports.requestOutlet(hop, from, (error) => {
    broken = error;
    client.transportError();
  });
  const client: RequestClient = new RequestClient(request.print(), outlet, engine.timers, {
    response: (response) => outcome.response(response),
    failed: (why) => outcome.failed(madeUpFor(request, why, broken && brokenBy(hop, broken))),
    ended: () => engine.clients.delete(key),
  });
  engine.clients.set(key, client);
  client.start();
}

/** The same to the places of one name, the next when one is dead or overloaded (RFC 3263 §4.3). */
export function sendToFirst(
  engine: Engine,
  request: SipMessage,
  [hop, ...others]: Hops,
  from: Listener,
  outcome: RequestOutcome,
): void {
  const { failures } = engine.locator;
  const next = (): boolean => {
    const [following, ...rest] = others;
    if (!following) return false;
    sendToFirst(engine, withNewBranch(request, from), [following, ...rest], from, outcome);
    return true;
  };
  sendRequest(engine, request, hop, from, {
    response: (response) => {
      if (response.status === 503) failures.failed(hop, retryAfter(response.message));
      else failures.worked(hop);
      if (response.status !== 503 || !next()) outcome.response(response);
    },
    failed: (made) => {
      failures.failed(hop);
      if (!next()) outcome.failed(made);
    },
  });
}

/** In seconds, undefined when it is not said (RFC 3261 §20.33). */
export function retryAfter(response: SipMessage): number | undefined {
  const seconds = /^\d{1,9}/.exec(response.first('retry-after') ?? '')?.[0];
  return seconds === undefined ? undefined : Number(seconds);
}

/** To whom no request gets through, and why: `tls 192.0.2.7:5061 (carrier.example): certificate has expired`. */
export function brokenBy({ protocol, host, port, name }: Hop, error: Error): string {
  const address = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const named = name === undefined || name === host ? '' : ` (${name})`;
  const why = error.message.replace(/[^\x20-\x7e]|["\\]/g, ' ');
  return `${protocol} ${address}:${port}${named}: ${why}`.slice(0, 300);
}

/** The final response that stands for none (RFC 3261 §8.1.3.1); what is known of the cause is a warning in it. */
export function madeUpFor(
  request: SipMessage,
  why: 'timeout' | 'transport' | 'unresolved' | 'canceled',
  detail?: string,
): SipMessage {
  const [status, reason] = standIns[why];
  const tagged = request.toTag === '' ? newTag() : request.toTag;
  const made = finish(startResponse(request, status, reason, tagged), [], undefined, '');
  // RFC 3261 §20.43: 399 is a warning of any kind.
  if (detail !== undefined) made.add('Warning', `399 sip-server "${detail}"`);
  return made;
}

const standIns = {
  timeout: [408, 'Request Timeout'],
  transport: [503, 'Service Unavailable'],
  unresolved: [503, 'DNS Error'],
  canceled: [487, 'Request Terminated'],
} as const;
