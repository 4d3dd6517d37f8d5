import type {
  AgentHappening,
  AgentSessionEvent,
  AgentSessionRequest,
} from '../../../contracts/agent-media/session.ts';
import type { AgentMedia } from '../../../edge-node/ports.ts';
import { sdpOf } from './stage.ts';

/** One session of an agent, in the story's hand. */
interface FakeSession {
  readonly request: AgentSessionRequest;
  readonly ended: string[];
  happens(what: AgentHappening): void;
}

/** A gateway that opens every agent's socket but those at the addresses in `dead`. */
export function aGateway({ dead = [] as readonly string[] } = {}): AgentMedia & {
  readonly sessions: FakeSession[];
} {
  const sessions: FakeSession[] = [];
  return {
    sessions,
    async open(request) {
      if (dead.includes(request.agent.url))
        return { ok: false, fault: 'connect-timeout', detail: 'the agent did not answer within 3000 ms' };
      const ended: string[] = [];
      let hear: (event: AgentSessionEvent | 'over') => void = () => {};
      let n = 0;
      sessions.push({
        request,
        ended,
        happens: (what) => hear({ ...what, n: ++n, atMs: 0 } as AgentSessionEvent),
      });
      return {
        ok: true,
        sessionId: `session-${sessions.length}`,
        sdp: sdpOf('0 101', 7_000),
        reoffer: async () => 'gone',
        refuse: async () => undefined,
        end: async (reason) => void ended.push(reason),
        follow: async (listener) => {
          hear = listener;
        },
      };
    },
  };
}
