import type { AgentHappening } from '../contracts/agent-media/session.ts';
import type { Speaker } from './dialects/dialect.ts';

/** Keys that may wait for a socket. */
const MOST = 64;

/** The caller's keys until a socket of the agent has taken them: they outlive a break, in their order. */
export class WaitingKeys {
  readonly #tell: (happening: AgentHappening) => void;
  readonly #waiting = new Set<{ readonly digit: string }>();
  #speaker: Speaker | undefined;

  constructor(tell: (happening: AgentHappening) => void) {
    this.#tell = tell;
  }

  press(digit: string): void {
    if (this.#waiting.size >= MOST) {
      this.#tell({ type: 'digit-dropped', digit });
      return;
    }
    const key = { digit };
    this.#waiting.add(key);
    this.#say(key);
  }

  /** A socket is there; what the one before did not take is said again. */
  to(speaker: Speaker): void {
    this.#speaker = speaker;
    for (const key of this.#waiting) this.#say(key);
  }

  hold(): void {
    this.#speaker = undefined;
  }

  #say(key: { readonly digit: string }): void {
    this.#speaker?.digit(key.digit, () => {
      if (this.#waiting.delete(key)) this.#tell({ type: 'digit-delivered', digit: key.digit });
    });
  }
}
