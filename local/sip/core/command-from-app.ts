import { timingSafeEqual } from 'node:crypto';
import type { AppConnection } from '../app/app-connection.ts';
import { headerOf, parseAppMessage } from '../app/app-message.ts';
import { done, notDone, refused } from '../app/app-tokens.ts';
import { answer } from './answer.ts';
import { cancelFromApp } from './cancel-from-app.ts';
import type { Engine } from './engine.ts';
import { requestFromApp } from './request-from-app.ts';
import { requestInDialog } from './request-in-dialog.ts';

/** What drachtio-srf compares features against (drachtio-srf lib/drachtio-agent.js `serverVersionAtLeast`). */
const version = 'v0.9.10';

/** One frame of an application: `id|command|…`, for `sip` and `proxy` with a message on the lines after. */
export function commandFromApp(engine: Engine, secret: string, app: AppConnection, payload: string): void {
  const lineEnd = payload.indexOf('\r\n');
  const [id = '', command, ...rest] = (lineEnd < 0 ? payload : payload.slice(0, lineEnd)).split('|');
  if (command === 'ping') {
    app.send(done(id, 'pong'));
    return;
  }
  if (command === 'authenticate') {
    authenticate(engine, secret, app, id, rest);
    return;
  }
  if (command === undefined) {
    hangUp(app, id, 'Invalid message format');
    return;
  }
  if (!app.authenticated) {
    hangUp(app, id, 'not authenticated');
    return;
  }
  if (command === 'route') {
    route(engine, app, id, rest[0] ?? '');
    return;
  }
  if (command === 'remove_route') {
    engine.apps.unroute(app, rest[0] ?? '');
    app.send(done(id));
    return;
  }
  if (command === 'proxy') {
    app.send(notDone(id, 'proxy is not supported by this server'));
    return;
  }
  if (command !== 'sip') {
    hangUp(app, id, 'Unknown message type');
    return;
  }
  sip(engine, app, id, rest, lineEnd < 0 ? '' : payload.slice(lineEnd + 2));
}

function hangUp(app: AppConnection, id: string, why: string): void {
  app.send(refused(id, why));
  app.end();
}

function authenticate(
  engine: Engine,
  secret: string,
  app: AppConnection,
  id: string,
  [said = '', tags = '']: readonly string[],
): void {
  if (!same(said, Buffer.from(secret, 'utf8').toString('latin1'))) {
    hangUp(app, id, 'incorrect secret');
    return;
  }
  app.authenticated = true;
  for (const tag of tags.split(',')) if (tag !== '') app.tags.add(tag);
  const hostports = engine.transports.listeners
    .map((one) => `${one.protocol}/${one.host}:${one.port}`)
    .join(',');
  app.send(done(id, hostports, version, hostports));
}

/** Takes as long for any wrong secret of the right length. */
const same = (one: string, other: string): boolean => {
  const [left, right] = [Buffer.from(one, 'latin1'), Buffer.from(other, 'latin1')];
  return left.length === right.length && timingSafeEqual(left, right);
};

function route(engine: Engine, app: AppConnection, id: string, verb: string): void {
  if (/^cdr:/i.test(verb)) {
    app.send(notDone(id, 'cdr events are not supported by this server'));
    return;
  }
  engine.apps.route(app, verb);
  app.send(done(id));
}

/** Which of the five things a `sip` frame is, by what it names and how it begins. */
function sip(engine: Engine, app: AppConnection, id: string, tokens: readonly string[], text: string): void {
  const [transactionId = '', dialogId = '', routeUri = ''] = tokens;
  const message = parseAppMessage(text);
  if (message.startLine.startsWith('SIP/')) {
    if (transactionId === '') {
      hangUp(app, id, 'transaction id missing');
      return;
    }
    answer(engine, app, id, transactionId, message);
    return;
  }
  if (dialogId !== '') {
    requestInDialog(engine, app, id, dialogId, message);
    return;
  }
  if (message.startLine.startsWith('CANCEL ')) {
    cancelFromApp(engine, app, id, transactionId, message);
    return;
  }
  const known = engine.dialogs.byCallId(headerOf(message, 'call-id') ?? '');
  if (known) {
    requestInDialog(engine, app, id, known.id, message);
    return;
  }
  requestFromApp(engine, app, id, routeUri, message);
}
