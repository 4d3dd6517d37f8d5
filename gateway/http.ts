import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import * as z from 'zod';
import { AgentSessionRequest } from '../contracts/agent-media/session.ts';
import type { Desk } from './desk.ts';
import { follow } from './follow.ts';
import type { Outcome } from './thread-messages.ts';

export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
  /** PEM texts: with them the door is HTTPS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly desk: Desk;
  readonly metrics: () => Promise<{ readonly text: string; readonly contentType: string }>;
}

const MAX_BODY = 64 * 1024;

class Refused extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** Which credentials are missing (RFC 9110 section 11.6.1). */
const challenge = (scheme: 'Basic' | 'Bearer') => ({ 'WWW-Authenticate': `${scheme} realm="trunkline"` });

const Reoffer = z.strictObject({ sdp: z.string().min(1).max(16_384) });

/** What the edge did not do for the agent. */
const Refusals = z.strictObject({ code: z.string().min(1).max(64), message: z.string().max(1_024) });

/** Status by which an edge knows at once what kind of failure it is; `fault` in the body says which. */
const statusOf = (outcome: Extract<Outcome, { ok: false }> | { fault: string }) =>
  ({ 'unfit-offer': 422, 'no-port': 503, draining: 503, 'connect-timeout': 504 })[outcome.fault] ?? 502;

/** The gateway's door: sessions for edges, and what Twilio's REST interface offers agents to end their calls. */
export async function openHttp({ host, port, token, tls, desk, metrics }: HttpOptions) {
  const hear: RequestListener = (request, response) => {
    route(request, response).catch((error: unknown) => {
      if (response.headersSent) return response.destroy();
      const { status, headers } = error instanceof Refused ? error : { status: 500, headers: {} };
      const body = { error: error instanceof Error ? error.message : String(error) };
      return json(response, status, body, headers);
    });
  };
  const bounds = { headersTimeout: 5_000, requestTimeout: 30_000 };
  const server = tls ? createTlsServer({ ...bounds, ...tls }, hear) : createServer(bounds, hear);

  async function route(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://gateway');
    const is = (method: string, path: RegExp) => (request.method === method ? path.exec(pathname) : null);
    const isReady = !desk.isDraining;
    if (is('GET', /^\/live$/)) return json(response, 200, { live: true });
    if (is('GET', /^\/ready$/))
      return json(response, isReady ? 200 : 503, { ready: isReady, sessions: desk.sessions });
    if (is('GET', /^\/metrics$/)) {
      const { text, contentType } = await metrics();
      return response.setHeader('Content-Type', contentType).end(text);
    }
    const rest = is('POST', /^\/2010-04-01\/Accounts\/(AC[0-9a-f]{32})\/Calls\/(CA[0-9a-f]{32})\.json$/);
    if (rest) return endByRest(request, response, desk, { account: rest[1] ?? '', call: rest[2] ?? '' });
    if (token !== undefined && !isSame(request.headers.authorization ?? '', `Bearer ${token}`))
      throw new Refused(401, 'show the token of this gateway: Authorization: Bearer …', challenge('Bearer'));
    if (is('POST', /^\/sessions$/)) return openSession(request, response, desk);
    const [, id = '', part] =
      /^\/sessions\/([0-9A-Z]{26})(?:\/(reoffer|refusals|events))?$/.exec(pathname) ?? [];
    const happenings = desk.happenings(id);
    if (!happenings)
      throw new Refused(404, 'there is no such session: it has ended, or is of another gateway');
    if (part === 'events' && request.method === 'GET')
      return follow(response, happenings, Number(searchParams.get('after')) || 0);
    if (part === 'reoffer' && request.method === 'POST') {
      const { sdp } = await bodyOf(request, Reoffer);
      return answer(response, await desk.reoffer(id, sdp), (value) => ({ sdp: value }));
    }
    if (part === 'refusals' && request.method === 'POST')
      return answer(response, await desk.refuse(id, await bodyOf(request, Refusals)), () => ({}));
    if (part === undefined && request.method === 'GET') return answer(response, await desk.stats(id));
    if (part === undefined && request.method === 'DELETE')
      return answer(response, await desk.end(id, searchParams.get('reason')?.slice(0, 64) ?? 'ended'));
    throw new Refused(405, `${request.method} does nothing there`);
  }

  server.listen(port, host);
  await once(server, 'listening');
  const bound = server.address();
  return {
    port: bound !== null && typeof bound === 'object' ? bound.port : port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** A session that its edge does not get to know would have nobody to end it. */
async function openSession(request: IncomingMessage, response: ServerResponse, desk: Desk) {
  // Looked at when it closes: what is written to a connection that is gone counts as finished, too.
  const isLost = new Promise<boolean>((closed) => {
    response.once('close', () => closed(!response.writableFinished));
  });
  const outcome = await desk.open(await bodyOf(request, AgentSessionRequest));
  if ('sessionId' in outcome) {
    const { sessionId } = outcome;
    void isLost.then((lost) => (lost ? desk.end(sessionId, 'not wanted any more') : undefined));
    return json(response, 201, outcome);
  }
  return json(response, statusOf(outcome), { fault: outcome.fault, error: outcome.message });
}

function answer(
  response: ServerResponse,
  outcome: Outcome,
  shape = (value: unknown): unknown => value,
): void {
  if (outcome.ok) json(response, 200, shape(outcome.value));
  else json(response, statusOf(outcome), { fault: outcome.fault, error: outcome.message });
}

async function endByRest(
  request: IncomingMessage,
  response: ServerResponse,
  desk: Desk,
  { account, call }: { readonly account: string; readonly call: string },
) {
  const body = new URLSearchParams(await textOf(request));
  const found = desk.byCallSid(call);
  const wanted = found?.account && `Basic ${btoa(`${found.account.sid}:${found.account.authToken}`)}`;
  // The same answer for a call that is not there and for a password that is wrong: nobody learns which calls there are.
  if (
    !found ||
    !wanted ||
    found.account?.sid !== account ||
    !isSame(request.headers.authorization ?? '', wanted)
  )
    throw new Refused(
      401,
      'no such call of this account: use its SID and auth token as user and password',
      challenge('Basic'),
    );
  if (body.get('Status') !== 'completed')
    throw new Refused(400, 'only Status=completed is understood: it ends the call');
  found.hangup();
  return json(response, 200, { sid: call, account_sid: account, status: 'completed' });
}

/** Compared as digests, so that the time tells nothing. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

async function bodyOf<S extends z.ZodType>(request: IncomingMessage, schema: S): Promise<z.output<S>> {
  const text = await textOf(request);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Refused(400, 'the body must be JSON');
  }
  const read = schema.safeParse(parsed);
  if (read.success) return read.data;
  throw new Refused(
    400,
    read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
  );
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY) throw new Refused(413, `the body must be at most ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function json(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json', ...headers })
    .end(`${JSON.stringify(body)}\n`);
}
