import { AgentFailure } from './agent-socket.ts';
import type { Dialect } from './dialects/dialect.ts';
import { openMedia } from './media/open-media.ts';
import { UnfitOffer } from './media/rtp-sdp.ts';
import type { MediaListener, MediaSession } from './ports.ts';
import type { SessionOptions } from './session.ts';

/** The RTP of a session. It may be heard before there is a session to tell. @throws AgentFailure */
export async function mediaOf(
  options: SessionOptions,
  { format }: Dialect,
  session: () => { readonly listener: MediaListener } | undefined,
): Promise<MediaSession> {
  const listener: MediaListener = {
    audio: (frame, timestampMs) => session()?.listener.audio(frame, timestampMs),
    digit: (key) => session()?.listener.digit(key),
    mark: (name, played) => session()?.listener.mark(name, played),
    speech: (change) => session()?.listener.speech(change),
    silence: (change) => session()?.listener.silence(change),
    failed: (error) => session()?.listener.failed(error),
  };
  try {
    return await openMedia({ ...options, offer: options.request.sdp, format, listener });
  } catch (error) {
    throw unfit(error);
  }
}

export function unfit(error: unknown): AgentFailure {
  const message = error instanceof Error ? error.message : String(error);
  return new AgentFailure(error instanceof UnfitOffer ? 'unfit-offer' : 'no-port', message);
}
