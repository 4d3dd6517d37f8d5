import type { LegName } from '../../../contracts/events/call.ts';
import type { EventOf } from '../../../contracts/events.ts';
import type { Call } from '../call.ts';

interface Apology {
  /** A recording as for call.play. */
  readonly prompt: string | undefined;
  readonly cause: EventOf<'media.prompted'>['cause'];
}

/** What a configuration has for whom nobody is left; a call that ends meanwhile waits for nothing. True: it was played. */
export async function playApology(call: Call, leg: LegName, { prompt, cause }: Apology): Promise<boolean> {
  const { media, context, over, id } = call;
  if (prompt === undefined || !media || call.isOver) return false;
  try {
    const file = await context.prompts.find(prompt);
    const ms = await media.playback.play(file, [leg], 1);
    if (call.isOver) return false;
    call.say('media.prompted', { leg, cause, file: prompt });
    await new Promise<void>((played) => {
      const forget = context.clock.after(ms, played);
      over.addEventListener('abort', () => [forget(), played()], { once: true });
    });
    return true;
  } catch (err) {
    context.logger.warn({ callId: id, err, prompt }, 'the caller of a lost agent could not be told');
    return false;
  }
}
