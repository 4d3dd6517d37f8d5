import { AgentFault, type AgentSessionRequest } from '../../contracts/agent-media/session.ts';
import type { AgentMedia, AgentMediaAnswer } from '../ports.ts';
import { followEvents } from './agent-events.ts';
import { type KnownGatewaysOptions, messageOf, startKnownGateways } from './known-gateways.ts';

/** What a request to a gateway may take besides the connection to the agent, ms. */
const SPARE_MS = 2_000;

interface GatewayOptions extends KnownGatewaysOptions {
  readonly token: string | undefined;
  /** A stream of events without a sign of life for so long is dead. */
  readonly deadAfterMs?: number;
}

/** An agent that is late is called again by its gateway, as often as it may be. */
const mostMs = ({ connectMs, reconnects }: AgentSessionRequest['agent']) =>
  connectMs * (1 + reconnects) + SPARE_MS;

/** The gateways of this edge: how many it was told of, and how many of them take sessions. */
export interface AgentGateways extends AgentMedia, AsyncDisposable {
  readonly known: number;
  readonly up: number;
}

/** Of the gateway and not of the agent: another one may do better. */
const ofGateway: ReadonlySet<string> = new Set(['draining', 'no-port', 'no-gateway']);

/** Gateways for the audio of agents, by turns; one that cannot be reached, or has no room, is passed over. */
export function agentGateways({ token, deadAfterMs, ...options }: GatewayOptions): AgentGateways {
  const gateways = startKnownGateways(options);
  const headers = {
    'Content-Type': 'application/json',
    ...(token ? { Authorization: `Bearer ${token}` } : {}),
  };
  const send: Send = (url, method, body, signal) =>
    fetch(url, {
      ...{ method, headers, redirect: 'error' },
      ...(body ? { body: JSON.stringify(body) } : {}),
      ...(signal ? { signal } : {}),
    });
  return {
    known: gateways.known,
    get up() {
      return gateways.up;
    },
    async open(request, cancelled) {
      const failed: string[] = [];
      for (const url of await gateways.inOrder()) {
        const gone = new AbortController();
        const late = AbortSignal.timeout(mostMs(request.agent));
        const stop = gateways.watch(url, (why) => gone.abort(why));
        try {
          const signal = AbortSignal.any([cancelled, gone.signal, late]);
          const answer = await opened(url, await send(`${url}/sessions`, 'POST', request, signal));
          if (answer.ok)
            return { ...answer, ...sessionAt(`${url}/sessions/${answer.sessionId}`, send, deadAfterMs) };
          if (!ofGateway.has(answer.fault)) return answer;
          failed.push(answer.detail);
        } catch (error) {
          if (cancelled.aborted) return { ok: false, fault: 'unreachable', detail: 'cancelled' };
          gateways.isDown(url, messageOf(error));
          failed.push(`the gateway at ${url} does not answer: ${messageOf(error)}`);
        } finally {
          stop();
        }
      }
      return { ok: false, fault: 'no-gateway', detail: failed.at(-1) ?? whyNone() };
    },
    [Symbol.asyncDispose]: () => gateways[Symbol.asyncDispose](),
  };

  function whyNone(): string {
    if (gateways.known > 0) return `no gateway takes sessions: ${gateways.whyNot()}`;
    return 'this edge knows no gateway for agents over WebSockets: name one in TRUNKLINE_GATEWAYS, in a fleet by fleet.gateways';
  }
}

type Send = (url: string, method: string, body?: object, signal?: AbortSignal) => Promise<Response>;

function sessionAt(
  url: string,
  send: Send,
  deadAfterMs: number | undefined,
): Pick<Extract<AgentMediaAnswer, { ok: true }>, 'reoffer' | 'refuse' | 'end' | 'follow'> {
  const over = new AbortController();
  const within = () => AbortSignal.timeout(SPARE_MS);
  return {
    async reoffer(sdp) {
      const answer = await send(`${url}/reoffer`, 'POST', { sdp }, within()).catch(() => undefined);
      if (answer?.status === 404) return 'gone';
      const body = (await answer?.json().catch(() => undefined)) as { sdp?: string } | undefined;
      return body?.sdp === undefined ? 'refused' : { sdp: body.sdp };
    },
    async end(reason) {
      await send(`${url}?reason=${encodeURIComponent(reason)}`, 'DELETE', undefined, within()).catch(
        () => {},
      );
      // Also where the gateway did not hear it: it ends a session that nobody follows.
      over.abort();
    },
    async refuse(refusal) {
      await send(`${url}/refusals`, 'POST', refusal, within()).catch(() => {});
    },
    async follow(hear) {
      const ask = (after: number, signal: AbortSignal) =>
        send(`${url}/events?after=${after}`, 'GET', undefined, signal);
      await followEvents({ ask, hear, over: over.signal, ...(deadAfterMs ? { deadAfterMs } : {}) });
      hear('over');
    },
  };
}

type Opened =
  | { readonly ok: true; readonly sessionId: string; readonly sdp: string }
  | Extract<AgentMediaAnswer, { ok: false }>;

async function opened(url: string, response: Response): Promise<Opened> {
  const body = (await response.json()) as {
    sessionId?: string;
    sdp?: string;
    fault?: string;
    error?: string;
  };
  if (response.status === 201 && body.sessionId && body.sdp)
    return { ok: true, sessionId: body.sessionId, sdp: body.sdp };
  const detail = body.error ?? `the gateway at ${url} answered ${response.status}`;
  // What names no fault of today, such as a wrong token, is the gateway's own.
  return { ok: false, fault: AgentFault.safeParse(body.fault).data ?? 'no-gateway', detail };
}
