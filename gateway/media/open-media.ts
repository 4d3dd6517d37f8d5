import { randomInt } from 'node:crypto';
import type { AudioFormat, MediaListener, MediaSession, MonotonicClock } from '../ports.ts';
import { Call } from './media-call.ts';
import type { Pacer } from './pacer.ts';
import { resamplersReady } from './resampler.ts';
import { readOffer } from './rtp-sdp.ts';
import { openRtpSocket, type PortRange } from './rtp-socket.ts';
import { loadVoiceActivity } from './voice-activity.ts';

export interface MediaOptions {
  readonly offer: string;
  readonly format: AudioFormat;
  readonly listener: MediaListener;
  /** Own address, which the answer names. */
  readonly address: string;
  readonly ports: PortRange;
  /** Shared by all calls of a thread. */
  readonly pacer: Pacer;
  readonly clock: MonotonicClock;
  /** Audio of the agent that may wait, ms. */
  readonly maxQueueMs: number;
  /** Silence that is told, ms. */
  readonly silenceMs: number;
}

/** Takes an offer and carries its audio until it is disposed. @throws UnfitOffer, or Error where no port is free. */
export async function openMedia(options: MediaOptions): Promise<MediaSession> {
  const offered = readOffer(options.offer);
  await Promise.all([resamplersReady, loadVoiceActivity()]);
  const socket = await openRtpSocket(options.address, options.ports);
  return new Call({ ...options, offered, socket, ssrc: randomInt(2 ** 32), sessionId: randomInt(2 ** 47) });
}
