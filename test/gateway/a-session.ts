import { ulid } from 'ulid';
import type { AgentSessionEvent } from '../../contracts/agent-media/session.ts';

/** One call of a gateway without a token, as its edge sees it. */
export interface ASession {
  readonly id: string;
  readonly callId: string;
  /** Where the caller sends its RTP. */
  readonly port: number;
  readonly happened: AgentSessionEvent[];
  /** Resolves once this happened, so often. */
  until(type: AgentSessionEvent['type'], count?: number): Promise<AgentSessionEvent>;
}

/** @throws where the gateway does not open one, with what it said. */
export async function aSession(
  gateway: string,
  caller: { offer(): string },
  agent: object,
  facts: { readonly parameters?: object; readonly headers?: object } = {},
): Promise<ASession> {
  const callId = ulid();
  const call = { from: '+15550199', to: '+15550100' };
  const body = JSON.stringify({ callId, sdp: caller.offer(), agent, call, ...facts });
  const answered = await fetch(`${gateway}/sessions`, { method: 'POST', body });
  const said = (await answered.json()) as { sessionId: string; sdp: string };
  if (answered.status !== 201) throw new Error(JSON.stringify(said));
  const happened: AgentSessionEvent[] = [];
  const waiting = new Set<() => void>();
  void follow(`${gateway}/sessions/${said.sessionId}/events`, (event) => {
    happened.push(event);
    for (const look of waiting) look();
  });
  return {
    ...{ id: said.sessionId, callId, happened },
    port: Number(/m=audio (\d+) /.exec(said.sdp)?.[1]),
    until: (type, count = 1) =>
      new Promise((resolve) => {
        const look = () => {
          const found = happened.filter((event) => event.type === type)[count - 1];
          if (found) resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

async function follow(url: string, hear: (event: AgentSessionEvent) => void): Promise<void> {
  let rest = '';
  try {
    for await (const chunk of (await fetch(url)).body ?? []) {
      const lines = (rest + Buffer.from(chunk).toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim()) hear(JSON.parse(line));
    }
  } catch {
    // The gateway went away before the session: there is nothing more to hear.
  }
}
