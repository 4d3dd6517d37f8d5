import { once } from 'node:events';
import { ulid } from 'ulid';
import { systemClock } from '../../gateway/media/clock.ts';
import { Pacer } from '../../gateway/media/pacer.ts';
import type { MediaStats } from '../../gateway/ports.ts';
import { openCaller } from './caller.ts';
import type { Processes } from './processes.ts';

export interface Kind {
  readonly dialect: 'twilio' | 'pcm';
  /** Hz, of pcm. */
  readonly rate: 8_000 | 16_000 | 24_000;
}

/** What is known of a call once it is over. */
export interface Finished {
  readonly said: number;
  readonly returned: number;
  /** On the way to the gateway by their numbers, and in it for want of a reader. */
  readonly lost: number;
  readonly toSocketMs: readonly number[];
  readonly toCallerMs: readonly number[];
}

type Stats = MediaStats & { readonly framesDropped: number };
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const pacer = new Pacer(systemClock);
let place = 0;

/** One call that speaks until it is told to finish. */
export async function openCall({ url, agentUrl, timesOf, agent }: Processes, kind: Kind) {
  place += 1;
  const callId = ulid();
  const caller = await openCaller(place);
  const answered = await fetch(`${url}/sessions`, {
    method: 'POST',
    body: JSON.stringify({
      ...{ callId, sdp: caller.offer, call: { from: '+15550199', to: '+15550100' } },
      // The load may be slow to answer: that is not what is measured.
      agent: { url: agentUrl, ...kind, connectMs: 30_000 },
    }),
  });
  const { sessionId, sdp, error } = (await answered.json()) as Record<string, string>;
  if (!answered.ok) throw new Error(`the gateway has no session for call ${place}: ${error}`);
  void follow(`${url}/sessions/${sessionId}/events`);
  const to = Number(/m=audio (\d+) /.exec(sdp ?? '')?.[1]);
  const stop = pacer.add(() => caller.say(to));
  const stats = async () => (await (await fetch(`${url}/sessions/${sessionId}`)).json()) as Stats;
  return {
    stats,
    arrivals: (): readonly number[] => caller.counted.arrivals,
    /** Says nothing more, and waits for what is under way. */
    async hush() {
      stop();
      await pause(1_000);
    },
    /** After it is hushed: from `clear` at the agent to the end of the last frame that the caller still heard, ms. */
    async interrupt(): Promise<number> {
      const cleared = once(agent, 'message');
      caller.press(to);
      const [{ clearedAt }] = (await cleared) as [{ clearedAt: number }];
      await pause(200);
      return Math.max(0, caller.counted.lastPeakAt + 20 - clearedAt);
    },
    /** Before it is interrupted. */
    async finished(): Promise<Finished> {
      const { packetsLost, framesDropped } = await stats();
      const { said, returned, saidPeaks, heardPeaks } = caller.counted;
      const [atAgent] = await timesOf([callId]);
      return {
        ...{ said, returned, lost: packetsLost + framesDropped },
        toSocketMs: delays(saidPeaks, atAgent?.heard ?? []),
        toCallerMs: delays(atAgent?.said ?? [], heardPeaks),
      };
    },
    async [Symbol.asyncDispose]() {
      stop();
      await fetch(`${url}/sessions/${sessionId}?reason=bench`, { method: 'DELETE' });
      await caller[Symbol.asyncDispose]();
    },
  };
}

/** As an edge does: a gateway ends sessions that nobody follows. Resolves when this one is over. */
async function follow(events: string): Promise<void> {
  try {
    for await (const _ of (await fetch(events)).body ?? []);
  } catch {
    // The bench is over.
  }
}

/** A second lies between two that are timed: what is heard is the last that was said before. */
function delays(said: readonly number[], heard: readonly number[]): number[] {
  return heard.flatMap((at) => {
    const from = said.findLast((each) => each <= at);
    return from === undefined ? [] : [at - from];
  });
}
