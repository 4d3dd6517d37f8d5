import { targetOf, usualPort } from '../../../../core/sip-target.ts';
import { parseUri, uriParam } from '../../../../core/sip-uri.ts';
import { cutList, parseNameAddr } from '../../message/name-addr.ts';
import { type HeaderLine, SipMessage } from '../../message/sip-message.ts';
import type { Listener } from '../../transport/flow.ts';
import { finish, newTag, startResponse, viaOf } from '../compose.ts';

export interface Changes {
  readonly uri: string;
  readonly routes: readonly string[];
  /** URIs in brackets by which later requests of the dialog come through us */
  readonly recordRoutes: readonly string[];
  /** of the application; they take the place of those of the same name */
  readonly headers: readonly HeaderLine[];
}

/** The request as it goes on (RFC 3261 §16.6): all of it stays but what a proxy has to change. */
export function forwardedRequest(
  request: SipMessage,
  from: Listener,
  branch: string,
  changes: Changes,
): SipMessage {
  const forwarded = SipMessage.request(request.method, changes.uri);
  const replaced = new Set(changes.headers.map((line) => line.key));
  forwarded.add('Via', viaOf(from, branch));
  for (const route of changes.routes) forwarded.add('Route', route);
  for (const route of changes.recordRoutes)
    forwarded.add(request.method === 'REGISTER' ? 'Path' : 'Record-Route', route); // RFC 3327 §5.2
  for (const line of request.lines) {
    if (line.key === 'max-forwards')
      forwarded.add(line.name, String(Number(line.value) - 1)); // step 3
    else if (line.key !== 'route' && !replaced.has(line.key)) forwarded.lines.push(line);
  }
  if (!request.has('max-forwards')) forwarded.add('Max-Forwards', '70');
  forwarded.lines.push(...changes.headers);
  forwarded.body = request.body;
  return forwarded;
}

/** The response as it goes back: without our own Via (§16.7 step 3). */
export function forwardedResponse(response: SipMessage): SipMessage {
  const forwarded = SipMessage.response(response.status, response.reason);
  let top = true;
  for (const line of response.lines) {
    if (top && line.key === 'via') {
      top = false;
      const others = cutList(line.value).slice(1);
      if (others.length > 0) forwarded.add('Via', others.join(', '));
    } else forwarded.lines.push(line);
  }
  forwarded.body = response.body;
  return forwarded;
}

/** Why a proxy may not pass a request on (§16.3); its answer, or nothing. */
export function passingFault(request: SipMessage): SipMessage | undefined {
  if (request.first('max-forwards') === '0')
    return finish(startResponse(request, 483, 'Too Many Hops', newTag()), [], undefined, '');
  const required = request.all('proxy-require').join(', ');
  if (required === '') return undefined;
  const refusal = startResponse(request, 420, 'Bad Extension', newTag()).add('Unsupported', required);
  return finish(refusal, [], undefined, '');
}

const uriOf = (route: string): string => parseNameAddr(route)?.uri ?? '';

/** Does this URI name one of our own addresses? */
export function isOwnUri(listeners: readonly Listener[], text: string): boolean {
  const target = targetOf(text);
  if (!target) return false;
  const port = target.port ?? usualPort(target.transport ?? (target.secure ? 'tls' : 'udp'));
  const host = target.host.toLowerCase();
  return listeners.some((one) => one.host.replace(/[[\]]/g, '').toLowerCase() === host && one.port === port);
}

/** Does the first Route lead to us, so that the request is to be passed on? */
export const routedThroughUs = (listeners: readonly Listener[], request: SipMessage): boolean =>
  isOwnUri(listeners, uriOf(request.all('route')[0] ?? ''));

/** The Routes behind our own, which may be two: one for each transport (§16.4, RFC 5658 §5). */
export function routesBeyond(listeners: readonly Listener[], request: SipMessage): string[] {
  const routes = request.all('route');
  const next = routes.findIndex((route) => !isOwnUri(listeners, uriOf(route)));
  return next < 0 ? [] : routes.slice(next);
}

/** Where it goes and what it says on the way: a first Route without `lr` becomes the request URI (§16.6 step 6). */
export function byRoutes(
  uri: string,
  routes: readonly string[],
): { readonly uri: string; readonly routes: readonly string[]; readonly nextHop: string } {
  const first = uriOf(routes[0] ?? '');
  if (first === '') return { uri, routes: [], nextHop: uri };
  const parsed = parseUri(first);
  const loose = parsed !== undefined && uriParam(parsed, 'lr') !== undefined;
  if (loose) return { uri, routes, nextHop: first };
  return { uri: first, routes: [...routes.slice(1), `<${uri}>`], nextHop: first };
}

/** Ours for a dialog that comes in here and leaves there; both when the transports differ (RFC 5658 §5). */
export function recordRoutes(arrived: Listener, leaving: Listener): string[] {
  const own = (one: Listener) =>
    `<sip:${one.host}:${one.port}${one.protocol === 'udp' ? '' : `;transport=${one.protocol}`};lr>`;
  return arrived.protocol === leaving.protocol ? [own(leaving)] : [own(leaving), own(arrived)];
}
