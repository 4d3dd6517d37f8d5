import type { CommandOf } from '../../contracts/commands.ts';
import type { LegName } from '../../contracts/events/call.ts';
import type { Payload } from '../ports.ts';
import { type ApplyCommand, applied, refused } from './apply-command.ts';
import type { Call } from './call.ts';

/** The recording that a call hears now; a call hears one at a time. */
interface Playing {
  readonly command: CommandOf<'call.play'>;
  readonly legs: readonly LegName[];
  readonly since: number;
  /** Calls the timer off that waits for its end. */
  readonly forget: () => void;
}

const playing = new WeakMap<Call, Playing>();

export const isPlaying = (call: Call): boolean => playing.has(call);

export const play: ApplyCommand<'call.play'> = async (call, command) => {
  if (call.answeredAt === undefined || !call.media)
    return refused('wrong-state', 'the call is not answered yet: send call.play after call.answered');
  const { context, media } = call;
  try {
    const path = await context.prompts.find(command.file);
    await finish(call, 'replaced');
    await Promise.all([call.waits.a?.end(), call.waits.b?.end()]);
    const legs = command.to === 'both' ? (['a', 'b'] as const) : [command.to];
    const onceMs = await media.playback.play(path, legs, command.times);
    if (call.isOver) return refused('call-ended', 'the call ended before anything was heard');
    const isEndless = command.times === 0;
    const end = () => void finish(call, 'finished');
    const forget = isEndless ? () => {} : call.after(onceMs * command.times, end);
    playing.set(call, { command, legs, since: context.clock.monotonic(), forget });
    return applied;
  } catch (error) {
    return refused('failed', error instanceof Error ? error.message : String(error));
  }
};

export const stop: ApplyCommand<'call.stop'> = async (call) => {
  if (!playing.has(call)) return refused('wrong-state', 'nothing is played to this call');
  await finish(call, 'stopped');
  return applied;
};

/** The sides hear each other again. */
async function finish(call: Call, ended: Payload<'media.played'>['ended']): Promise<void> {
  const now = playing.get(call);
  if (!now) return;
  playing.delete(call);
  now.forget();
  const { id: commandId, file, to } = now.command;
  await call.media?.playback.stop(now.legs).catch((error: unknown) => {
    call.context.logger.warn(
      { callId: call.id, err: error },
      'a recording was not ended: a side may stay unheard',
    );
  });
  if (call.isOver) return;
  const playedMs = Math.round(call.context.clock.monotonic() - now.since);
  call.say('media.played', { commandId, file, to, playedMs, ended });
}
