import type { Logger } from 'pino';
import { ulid } from 'ulid';
import type { AgentFault, AgentSessionRequest } from '../contracts/agent-media/session.ts';
import { callSidOf } from './dialects/twilio.ts';
import { Happenings } from './happenings.ts';
import { systemClock } from './media/clock.ts';
import type { AgentRefusal, Outcome, ThreadSettings } from './thread-messages.ts';
import { startThreads } from './threads.ts';

interface Known {
  readonly happenings: Happenings;
  readonly callSid: string;
  readonly account: AgentSessionRequest['agent']['account'];
}

export interface Desk extends AsyncDisposable {
  open(request: AgentSessionRequest): Promise<{ readonly sessionId: string; readonly sdp: string } | Failed>;
  reoffer(sessionId: string, sdp: string): Promise<Outcome>;
  stats(sessionId: string): Promise<Outcome>;
  /** Tells the agent that its edge did not do what it asked for. */
  refuse(sessionId: string, refusal: AgentRefusal): Promise<Outcome>;
  end(sessionId: string, reason: string): Promise<Outcome>;
  happenings(sessionId: string): Happenings | undefined;
  /** Twilio's account of the call with this name, and how the agent ends it. */
  byCallSid(callSid: string): (Pick<Known, 'account'> & { readonly hangup: () => void }) | undefined;
  readonly sessions: number;
  /** Sessions that there was no room for. */
  readonly refused: number;
  /** No new sessions from now on. */
  drain(): void;
  readonly isDraining: boolean;
}

interface Failed {
  readonly fault: AgentFault;
  readonly message: string;
}

/** An edge comes back to its sessions within a few seconds. */
const ALONE_MS = 30_000;

export interface DeskOptions {
  readonly threads: number;
  readonly maxSessions: number;
  readonly media: Omit<ThreadSettings, 'logLevel'>;
  readonly logLevel: string;
  readonly logger: Logger;
  /** A session that no edge follows for so long is ended: its edge is gone. */
  readonly aloneMs?: number;
}

/** Every session of this gateway, whichever thread it lives in. */
export async function openDesk({
  threads: count,
  maxSessions,
  media,
  logLevel,
  logger,
  aloneMs = ALONE_MS,
}: DeskOptions): Promise<Desk> {
  const known = new Map<string, Known>();
  let isDraining = false;
  let refused = 0;
  const threads = await startThreads({
    ...{ ...media, threads: count, logLevel, logger, clock: systemClock },
    onHappening: (sessionId, happening) => known.get(sessionId)?.happenings.add(happening),
  });
  const end = async (sessionId: string, reason: string) => {
    const outcome = await threads.ask({ kind: 'end', sessionId, reason });
    known.get(sessionId)?.happenings.add({ type: 'ended' });
    known.delete(sessionId);
    return outcome;
  };
  const stopReaping = endAbandoned(known, aloneMs, (sessionId) => {
    logger.warn({ sessionId }, 'nobody follows a session any more: it is ended');
    void end(sessionId, 'nobody follows it');
  });
  return {
    get sessions() {
      return threads.sessions;
    },
    get refused() {
      return refused;
    },
    get isDraining() {
      return isDraining;
    },
    drain() {
      isDraining = true;
    },
    async open(request) {
      if (isDraining) return { fault: 'draining', message: 'this gateway is draining' };
      if (threads.sessions >= maxSessions) {
        refused += 1;
        return { fault: 'draining', message: `all ${maxSessions} sessions are taken` };
      }
      const sessionId = ulid();
      known.set(sessionId, knownOf(request));
      const outcome = await threads.ask({ kind: 'open', sessionId, request });
      if (outcome.ok) {
        known.get(sessionId)?.happenings.expectFollower();
        return { sessionId, sdp: String(outcome.value) };
      }
      known.delete(sessionId);
      return outcome;
    },
    reoffer: (sessionId, sdp) => threads.ask({ kind: 'reoffer', sessionId, sdp }),
    stats: (sessionId) => threads.ask({ kind: 'stats', sessionId }),
    refuse: (sessionId, refusal) => threads.ask({ kind: 'refuse', sessionId, refusal }),
    end,
    happenings: (sessionId) => known.get(sessionId)?.happenings,
    byCallSid(callSid) {
      // A call that goes on to its next agent has two for a moment: the newest is the one that talks.
      const found = [...known.values()].findLast((each) => each.callSid === callSid);
      if (!found) return undefined;
      const hangup = () => found.happenings.add({ type: 'hangup', reason: 'ended by the agent over REST' });
      return { account: found.account, hangup };
    },
    [Symbol.asyncDispose]() {
      stopReaping();
      return threads[Symbol.asyncDispose]();
    },
  };
}

const knownOf = ({ callId, agent }: AgentSessionRequest): Known => ({
  happenings: new Happenings(systemClock),
  callSid: callSidOf(callId),
  account: agent.account,
});

/** Looks for sessions that nobody follows; the returned function stops it. */
function endAbandoned(
  known: ReadonlyMap<string, Known>,
  aloneMs: number,
  end: (sessionId: string) => void,
): () => void {
  const timer = setInterval(() => {
    for (const [sessionId, { happenings }] of known) if (happenings.aloneMs() >= aloneMs) end(sessionId);
  }, aloneMs / 6);
  return () => clearInterval(timer);
}
