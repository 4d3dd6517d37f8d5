import { timingSafeEqual } from 'node:crypto';
import type { AppConnection } from '../app/app-connection.ts';
import { headerOf, parseAppMessage } from '../app/app-message.ts';
import { done, refused } from '../app/app-tokens.ts';
import { answer } from './answer.ts';
import { cancelFromApp } from './cancel-from-app.ts';
import type { Engine } from './engine.ts';
import { proxyCommand } from './proxy/proxy-command.ts';
import { requestFromApp } from './request-from-app.ts';
import { requestInDialog } from './request-in-dialog.ts';

/** What drachtio-srf compares features against (drachtio-srf lib/drachtio-agent.js `serverVersionAtLeast`). */
const version = 'v0.9.10';

interface Asked {
  readonly engine: Engine;
  readonly secret: string;
  readonly app: AppConnection;
  /** of the frame, named in the answer */
  readonly id: string;
  /** what follows the command on its line */
  readonly tokens: readonly string[];
  /** the lines after it */
  readonly text: string;
}

type Command = (asked: Asked) => void;

/** What an application may ask before it has shown the secret. */
const always: Readonly<Record<string, Command>> = {
  ping: ({ app, id }) => app.send(done(id, 'pong')),
  authenticate,
};

const commands: Readonly<Record<string, Command>> = {
  route,
  remove_route: ({ engine, app, id, tokens }) => {
    engine.apps.unroute(app, tokens[0] ?? '');
    app.send(done(id));
  },
  sip,
  proxy: ({ engine, app, id, tokens, text }) => proxyCommand(engine, app, id, tokens, parseAppMessage(text)),
};

/** One frame of an application: `id|command|…`, for `sip` and `proxy` with a message on the lines after. */
export function commandFromApp(engine: Engine, secret: string, app: AppConnection, payload: string): void {
  const lineEnd = payload.indexOf('\r\n');
  const [id = '', name, ...tokens] = (lineEnd < 0 ? payload : payload.slice(0, lineEnd)).split('|');
  const text = lineEnd < 0 ? '' : payload.slice(lineEnd + 2);
  const open = name !== undefined && Object.hasOwn(always, name) ? always[name] : undefined;
  const command = open ?? (name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined);
  if (name === undefined) hangUp(app, id, 'Invalid message format');
  else if (!open && !app.authenticated) hangUp(app, id, 'not authenticated');
  else if (!command) hangUp(app, id, 'Unknown message type');
  else command({ engine, secret, app, id, tokens, text });
}

function hangUp(app: AppConnection, id: string, why: string): void {
  app.send(refused(id, why));
  app.end();
}

function authenticate({ engine, secret, app, id, tokens }: Asked): void {
  const [said = '', tags = ''] = tokens;
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

function route({ engine, app, id, tokens }: Asked): void {
  engine.apps.route(app, tokens[0] ?? '');
  app.send(done(id));
}

/** Which of the five things a `sip` frame is, by what it names and how it begins. */
function sip({ engine, app, id, tokens, text }: Asked): void {
  const [transactionId = '', dialogId = '', routeUri = ''] = tokens;
  const message = parseAppMessage(text);
  const isResponse = message.startLine.startsWith('SIP/');
  if (isResponse && transactionId === '') hangUp(app, id, 'transaction id missing');
  else if (isResponse) answer(engine, app, id, transactionId, message);
  else if (dialogId !== '') requestInDialog(engine, app, id, dialogId, message);
  else if (message.startLine.startsWith('CANCEL ')) cancelFromApp(engine, app, id, transactionId, message);
  else {
    const known = engine.dialogs.byCallId(headerOf(message, 'call-id') ?? '');
    if (known) requestInDialog(engine, app, id, known.id, message);
    else requestFromApp(engine, app, id, routeUri, message);
  }
}
