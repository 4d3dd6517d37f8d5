import { AgentSessionEvent } from '../../contracts/agent-media/session.ts';
import type { AgentMedia, AgentMediaAnswer } from '../ports.ts';

/** What a request to a gateway may take besides the connection to the agent, ms. */
const SPARE_MS = 2_000;

interface GatewayOptions {
  /** Where gateways are: http://HOST:PORT. */
  readonly urls: readonly string[];
  readonly token: string | undefined;
}

/** Gateways for the audio of agents, by turns; one that cannot be reached is passed over. */
export function agentGateways({ urls, token }: GatewayOptions): AgentMedia {
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
  let turn = 0;
  return {
    async open(request, cancelled) {
      const start = turn++;
      let detail = 'no gateway is known: name one in TRUNKLINE_GATEWAYS';
      for (let tried = 0; tried < urls.length; tried += 1) {
        const url = urls[(start + tried) % urls.length] ?? '';
        const signal = AbortSignal.any([cancelled, AbortSignal.timeout(request.agent.connectMs + SPARE_MS)]);
        try {
          const answer = await opened(url, await send(`${url}/sessions`, 'POST', request, signal));
          if (answer.ok || answer.fault !== 'draining')
            return answer.ok ? { ...answer, ...sessionAt(url, answer.sessionId) } : answer;
          detail = answer.detail;
        } catch (error) {
          if (cancelled.aborted) return { ok: false, fault: 'unreachable', detail: 'cancelled' };
          detail = `the gateway at ${url} does not answer: ${messageOf(error)}`;
        }
      }
      return { ok: false, fault: 'draining', detail };
    },
  };

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
  return { ok: false, fault: body.fault ?? 'unreachable', detail };
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

const messageOf = (error: unknown) => {
  const { message, cause } = error as Error & { cause?: Error };
  return cause?.message ? `${message}: ${cause.message}` : message;
};
