import { AgentSessionEvent } from '../../contracts/agent-media/session.ts';

/** A gateway says every ten seconds that it is there. */
const DEAD_AFTER_MS = 30_000;

/** To be answered within, ms. */
const ANSWERED_MS = 2_000;

/** Pauses before a stream that broke is asked for again, ms; where none of these helps, the gateway is gone. */
const PAUSES_MS = [0, 100, 300, 900];

interface FollowOptions {
  /** Asks for what happened after the event of this number, and for what will. */
  readonly ask: (after: number, signal: AbortSignal) => Promise<Response>;
  readonly hear: (event: AgentSessionEvent) => void;
  /** Nobody listens any more. */
  readonly over: AbortSignal;
  readonly deadAfterMs?: number;
}

/** Hears what happens in a session, each event once, over as many streams as it takes. Resolves when no more can be heard; never rejects. */
export async function followEvents({ ask, hear, over, deadAfterMs = DEAD_AFTER_MS }: FollowOptions) {
  let after = 0;
  for (let failed = 0; failed < PAUSES_MS.length && !over.aborted; failed += 1) {
    await new Promise((next) => setTimeout(next, PAUSES_MS[failed]));
    const patience = new Patience(over);
    try {
      patience.isLeft(ANSWERED_MS);
      const answer = await ask(after, patience.signal);
      if (!answer.ok) return;
      for await (const line of linesOf(answer, () => patience.isLeft(deadAfterMs))) {
        const read = AgentSessionEvent.safeParse(JSON.parse(line));
        failed = 0;
        // A line that is no event of today is a sign of life, or of a gateway that is newer.
        if (!read.success) continue;
        after = read.data.n;
        hear(read.data);
        if (read.data.type === 'ended') return;
      }
    } catch {
      // Broken: it is asked for again.
    } finally {
      patience[Symbol.dispose]();
    }
  }
}

/** Ends a stream that shows no life. */
class Patience implements Disposable {
  readonly #run = new AbortController();
  readonly signal: AbortSignal;
  #timer: NodeJS.Timeout | undefined;

  constructor(over: AbortSignal) {
    this.signal = AbortSignal.any([over, this.#run.signal]);
  }

  isLeft(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#run.abort(), ms);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#run.abort();
  }
}

async function* linesOf(answer: Response, lives: () => void): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  lives();
  for await (const chunk of answer.body ?? []) {
    lives();
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
