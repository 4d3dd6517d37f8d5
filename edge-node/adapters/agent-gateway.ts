import { AgentFault, AgentSessionEvent } from '../../contracts/agent-media/session.ts';
import type { AgentMedia, AgentMediaAnswer } from '../ports.ts';
import { type KnownGatewaysOptions, messageOf, startKnownGateways } from './known-gateways.ts';

/** What a request to a gateway may take besides the connection to the agent, ms. */
const SPARE_MS = 2_000;

interface GatewayOptions extends KnownGatewaysOptions {
  readonly token: string | undefined;
}

/** The gateways of this edge: how many it was told of, and how many of them take sessions. */
export interface AgentGateways extends AgentMedia, AsyncDisposable {
  readonly known: number;
  readonly up: number;
}

/** Of the gateway and not of the agent: another one may do better. */
const ofGateway: ReadonlySet<string> = new Set(['draining', 'no-port', 'no-gateway']);

/** Gateways for the audio of agents, by turns; one that cannot be reached, or has no room, is passed over. */
export function agentGateways({ token, ...options }: GatewayOptions): AgentGateways {
  const gateways = startKnownGateways(options);
  const headers = {
    'Content-Type': 'application/json',
    ...(token ? { Authorization: `Bearer ${token}` } : {}),
  };
  const send = (url: string, method: string, body?: object, signal?: AbortSignal) =>
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
        const late = AbortSignal.timeout(request.agent.connectMs + SPARE_MS);
        const stop = gateways.watch(url, (why) => gone.abort(why));
        try {
          const signal = AbortSignal.any([cancelled, gone.signal, late]);
          const answer = await opened(url, await send(`${url}/sessions`, 'POST', request, signal));
          if (answer.ok) return { ...answer, ...sessionAt(url, answer.sessionId) };
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

  function sessionAt(
    gateway: string,
    sessionId: string,
  ): Pick<Extract<AgentMediaAnswer, { ok: true }>, 'reoffer' | 'end' | 'follow'> {
    const url = `${gateway}/sessions/${sessionId}`;
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
      },
      async follow(hear) {
        const answer = await send(`${url}/events`, 'GET').catch(() => undefined);
        try {
          if (answer?.ok) for await (const event of eventsOf(answer)) hear(event);
        } catch {
          // The gateway is gone: what is told below.
        }
        hear('over');
      },
    };
  }
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

/** A line that is no event of today is passed over: a gateway may be newer. */
async function* eventsOf(answer: Response): AsyncGenerator<AgentSessionEvent> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const read = AgentSessionEvent.safeParse(JSON.parse(line));
      if (read.success) yield read.data;
    }
  }
}
