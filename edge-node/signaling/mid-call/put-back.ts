import type { Call } from '../call.ts';
import { readSession } from '../sdp.ts';
import { codecsBetween } from '../steps/plan-codecs.ts';
import type { Joined } from './joined.ts';

/** Tells rtpengine again what both sides have agreed on. */
export async function putBack(call: Call, { media, sides }: Joined): Promise<void> {
  const codecs = codecsBetween(call, readSession(sides.a.remote)?.codecs ?? [], 'a');
  try {
    await media.reoffer({ sdp: sides.a.remote, from: 'a', codecs });
    await media.answer(sides.b.remote, 'b');
  } catch (error) {
    if (!call.isOver)
      call.context.logger.warn({ callId: call.id, err: error }, 'the media of a call could not be put back');
  }
}
