import type { AgentSessionEvent } from '../../contracts/agent-media/session.ts';
import type { LegName } from '../../contracts/events/call.ts';
import { hearAgent } from './agents/agent-wishes.ts';
import { goOn } from './agents/fail-over.ts';
import { awaitAgent } from './agents/wait-audio.ts';
import type { Call } from './call.ts';
import { watchMedia } from './media-watch.ts';
import { renegotiate } from './mid-call/renegotiate.ts';
import { type Dialog, SESSION_EXPIRED } from './sip.ts';
import { onRefer } from './transfer/on-refer.ts';

/** Both legs are up: whatever now ends the call, changes it or measures it starts here. */
export function keepCallGoing(call: Call, a: Dialog, b: Dialog): void {
  keepSideGoing(call, 'a', a);
  keepSideGoing(call, 'b', b);
  call.digits.begin(a, b);
  const most = call.route?.maxDurationSeconds;
  if (most !== undefined) endAfter(call, most);
  const mostOver = call.answer?.mostSeconds;
  if (mostOver !== undefined && mostOver < (most ?? mostOver + 1))
    call.holdFor('b', endAfter(call, mostOver));
  watchMedia(call);
}

/** One leg is up. */
export function keepSideGoing(call: Call, leg: LegName, dialog: Dialog): void {
  dialog.onBye((why) => hungUp(call, leg, dialog, why));
  dialog.onSessionRequest((request) => renegotiate(call, leg, request));
  dialog.onRefer((request) => onRefer(call, leg, dialog, request));
  dialog.onAsk?.((event) => {
    if (call[leg] === dialog) followSocket(call, leg, event);
    hearAgent(call, leg, dialog, event);
  });
  dialog.onLost?.((target, why) => {
    if (call[leg] === dialog) call.digits.agentGone(leg);
    void goOn(call, { dialog, target, leg }, why);
  });
}

function followSocket(call: Call, leg: LegName, { type }: AgentSessionEvent): void {
  if (type === 'disconnected') awaitAgent(call, leg);
  else if (type === 'reconnected') void call.waits[leg]?.end();
}

function hungUp(call: Call, by: LegName, dialog: Dialog, why: string): void {
  // Somebody else has its place now, or it is in another call.
  if (call[by] !== dialog) return;
  call.context.logger.debug({ callId: call.id, by, why }, 'hung up');
  if (call.transfer?.isLeaving(by)) {
    call.transfer.hasLeft = true;
    // Nothing need come from it any more, and nobody hears the other side.
    call.held.a = call.held.b = true;
  } else if (why === SESSION_EXPIRED)
    void call.end({ reason: 'session-expired', by, detail: `leg ${by} did not refresh its session` });
  else void call.end({ reason: by === 'a' ? 'caller-hangup' : 'callee-hangup', by });
}

const endAfter = (call: Call, seconds: number): (() => void) =>
  call.after(
    seconds * 1000,
    () => void call.end({ reason: 'max-duration', detail: `longer than ${seconds} s` }),
  );
