import type { LegName } from '../../../contracts/events/call.ts';
import type { Call } from '../call.ts';
import { otherLeg } from '../mid-call/joined.ts';
import { occupantOf } from '../occupant.ts';
import { isPlaying } from '../play.ts';

/** A socket that is open again by then was hardly missed, ms. */
const GRACE_MS = 1_000;

/** The agent on this leg does not speak: until it does again, or somebody else is there, the other side hears that we know. */
export function awaitAgent(call: Call, leg: LegName): void {
  call.waits[leg] ??= new WaitAudio(call, leg);
  call.waits[leg].begin();
}

/** What one side hears while there is nobody on the other one: the agent's own recording, or a ringing tone. */
export class WaitAudio {
  readonly #call: Call;
  readonly #leg: LegName;
  #isOn = false;
  #isHeard = false;
  #forget = () => {};
  /** rtpengine is asked for one thing after the other. */
  #line: Promise<void> = Promise.resolve();

  constructor(call: Call, leg: LegName) {
    this.#call = call;
    this.#leg = leg;
  }

  begin(): void {
    if (this.#isOn || this.#call.isOver) return;
    this.#isOn = true;
    this.#forget = this.#call.after(GRACE_MS, () => this.#then(() => this.#play()));
    this.#call.holdFor(this.#leg, this.#end);
  }

  /** Resolves when the side can hear something else. */
  end(): Promise<void> {
    if (this.#isOn) this.#then(() => this.#stop());
    this.#isOn = false;
    this.#forget();
    return this.#line;
  }

  readonly #end = () => void this.end();

  #then(step: () => Promise<void>): void {
    this.#line = this.#line.then(step).catch((err: unknown) => {
      const { id, context } = this.#call;
      context.logger.warn(
        { callId: id, leg: this.#leg, err },
        'a side that waits for its agent hears nothing',
      );
    });
  }

  async #play(): Promise<void> {
    const { media, over } = this.#call;
    if (!this.#isOn || over.aborted || !media || isPlaying(this.#call)) return;
    const hears = otherLeg(this.#leg);
    const found = await this.#recording();
    this.#isHeard = true;
    if (found) await media.playback.play(found.path, [hears], 0);
    else await media.playback.ring([hears]);
    if (over.aborted) return;
    const file = found ? { file: found.file } : {};
    this.#call.say('media.prompted', { leg: hears, cause: 'waiting', ...file });
  }

  /** Undefined where the agent has none, or it cannot be found. */
  async #recording(): Promise<{ readonly file: string; readonly path: string } | undefined> {
    const { context, id } = this.#call;
    const file = occupantOf(this.#call, this.#leg).route?.waitAudio;
    if (file === undefined) return undefined;
    try {
      return { file, path: await context.prompts.find(file) };
    } catch (err) {
      context.logger.warn({ callId: id, err, waitAudio: file }, 'an agent is waited for with a ringing tone');
      return undefined;
    }
  }

  async #stop(): Promise<void> {
    if (!this.#isHeard) return;
    this.#isHeard = false;
    if (!this.#call.isOver) await this.#call.media?.playback.stop([otherLeg(this.#leg)]);
  }
}
