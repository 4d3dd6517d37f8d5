import { targetOf } from '../../../../core/sip-target.ts';
import type { AppConnection } from '../../app/app-connection.ts';
import { type AppMessage, appHeaders } from '../../app/app-message.ts';
import { done, notDone, proxyHeard } from '../../app/app-tokens.ts';
import type { Engine } from '../engine.ts';
import { answerFor, handOver, takeBack } from '../give-request.ts';
import { canReach } from '../locate.ts';
import type { ReceivedRequest } from '../received-request.ts';
import { nonceOf } from './challengers.ts';
import { isOwnUri, passingFault, recordRoutes } from './forwarded.ts';
import { ProxiedRequest, type ProxyOrder, type ProxyUser } from './proxied-request.ts';
import { sendOn } from './send-on.ts';
import type { Target } from './target.ts';

const serversOwn: ReadonlySet<string> = new Set(['from', 'to', 'call-id', 'cseq', 'contact', 'content-type']);

/**
 * `proxy|transaction|remainInDialog|fullResponse|followRedirects|simultaneous|provisional timeout|final timeout|uri|uri…`:
 * an application has a request passed on (drachtio-srf lib/drachtio-agent.js `proxy`).
 */
export function proxyCommand(
  engine: Engine,
  app: AppConnection,
  id: string,
  tokens: readonly string[],
  message: AppMessage,
): void {
  const [transactionId = '', , full] = tokens;
  const request = engine.received.get(transactionId);
  if (!request || request.owner !== app) {
    app.send(notDone(id, `Unknown transaction id: ${transactionId}`));
    return;
  }
  const refusal = passingFault(request.message);
  if (refusal) {
    const why = refusal.status === 483 ? ' due to Max-Forwards value of 0' : '';
    app.send(notDone(id, `Rejected with ${refusal.status} ${refusal.reason}${why}`));
    takeBack(engine, request);
    request.transaction.machine.respond(refusal.status, refusal.print());
    return;
  }
  const targets = targetsOf(engine, request, tokens.slice(7));
  if (targets.length === 0) {
    app.send(notDone(id, 'error proxying request to '));
    answerFor(engine, request, 500, 'Server Internal Error');
    return;
  }
  handOver(engine, request);
  const user: ProxyUser =
    full === 'fullResponse'
      ? {
          final: (heard) => app.send(proxyHeard(id, heard.message.print(), heard.arrival)),
          done: () => app.send(done(id, 'done')),
        }
      : { final: () => {}, done: () => {} };
  const order = orderOf(engine, request, tokens, message);
  new ProxiedRequest(engine, request.transaction, request.message, request.arrival, order, user).start(
    targets,
  );
  if (full !== 'fullResponse') app.send(done(id, 'done'));
}

/** Those whose transport we have. Credentials go to who asked for them. */
function targetsOf(engine: Engine, { message }: ReceivedRequest, uris: readonly string[]): Target[] {
  const credentials = message.first('authorization') ?? message.first('proxy-authorization');
  const challenger = engine.challengers.take(nonceOf(credentials));
  return (challenger === undefined ? uris : [challenger])
    .filter((uri) => {
      const target = targetOf(uri);
      return target !== undefined && canReach(engine, uri, target);
    })
    .map((uri) => ({ uri, redirected: false }));
}

function orderOf(
  engine: Engine,
  { message, arrival }: ReceivedRequest,
  tokens: readonly string[],
  asked: AppMessage,
): ProxyOrder {
  const [, remain, , redirects, forking, provisional = '', final = ''] = tokens;
  const named = isOwnUri(engine.transports.listeners, message.uri); // who called us means whom the application names
  return {
    simultaneous: forking === 'simultaneous',
    followRedirects: redirects === 'followRedirects',
    patience: { provisional: duration(provisional), final: duration(final) },
    send: (proxied, target, sent) =>
      sendOn(engine, proxied, target, sent, (leaving) => ({
        uri: named || target.redirected ? target.uri : message.uri,
        routes: [],
        recordRoutes: remain === 'remainInDialog' ? recordRoutes(arrival.listener, leaving) : [],
        headers: appHeaders(asked, leaving, serversOwn),
      })),
  };
}

/** '1500ms' or '2s' in ms; anything else means none, as it does to drachtio-server. */
function duration(text: string): number | undefined {
  const parts = /^(\d+)(ms|s)$/.exec(text);
  return parts ? Number(parts[1]) * (parts[2] === 's' ? 1_000 : 1) : undefined;
}
