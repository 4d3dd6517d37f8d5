import type { LegName } from '../../contracts/events/call.ts';
import type { Call } from './call.ts';
import { watchMedia } from './media-watch.ts';
import { renegotiate } from './mid-call/renegotiate.ts';
import { type Dialog, SESSION_EXPIRED } from './sip.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** Both legs are up: whatever now ends the call, changes it or measures it starts here. */
export function keepCallGoing(call: Call, a: Dialog, b: Dialog): void {
  const { logger } = call.context;
  const hungUp = (by: LegName) => (why: string) => {
    logger.debug({ callId: call.id, by, why }, 'hung up');
    if (why === SESSION_EXPIRED)
      void call.end({ reason: 'session-expired', by, detail: `leg ${by} did not refresh its session` });
    else void call.end({ reason: by === 'a' ? 'caller-hangup' : 'callee-hangup', by });
  };
  a.onBye(hungUp('a'));
  b.onBye(hungUp('b'));
  a.onSessionRequest((request) => renegotiate(call, 'a', request));
  b.onSessionRequest((request) => renegotiate(call, 'b', request));
  call.digits.begin(a, b);
  const seconds = Math.min(call.route?.maxDurationSeconds ?? NEVER, call.answer?.mostSeconds ?? NEVER);
  if (seconds < NEVER) {
    call.after(
      seconds * 1000,
      () => void call.end({ reason: 'max-duration', detail: `longer than ${seconds} s` }),
    );
  }
  watchMedia(call);
}
