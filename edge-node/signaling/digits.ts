import type { LegName } from '../../contracts/events/call.ts';
import { Digit } from '../../contracts/events/dtmf.ts';
import type { SeenDigit } from '../ports.ts';
import type { Call } from './call.ts';
import type { Dialog } from './sip.ts';

const otherLeg = (leg: LegName): LegName => (leg === 'a' ? 'b' : 'a');

/** rtpengine saw a key on one leg and passed the packets on: delivered, if the other side takes RFC 4733. */
export function heardDigit(call: Call, { leg, digit, durationMs }: SeenDigit): void {
  const digitId = received(call, leg, digit, durationMs, 'rfc4733');
  const to = otherLeg(leg);
  if (call.answeredAt !== undefined && call.takesDigits[to]) delivered(call, digitId, digit, to, 'rfc4733');
}

/** Digits sent as INFO (application/dtmf-relay) are passed on as INFO. */
export function relayInfoDigits(call: Call, leg: LegName, from: Dialog, to: Dialog): void {
  from.onInfo((contentType, body) => {
    const pressed = readDtmfRelay(contentType, body);
    if (!pressed || call.isOver) return;
    const digitId = received(call, leg, pressed.digit, pressed.durationMs, 'info');
    void to.info(contentType, body).then((accepted) => {
      if (accepted && !call.isOver) delivered(call, digitId, pressed.digit, otherLeg(leg), 'info');
    });
  });
}

/** `Signal=5` and `Duration=160`, one a line. */
function readDtmfRelay(contentType: string, body: string): { digit: string; durationMs: number } | undefined {
  if (!/^application\/dtmf-relay\b/i.test(contentType)) return undefined;
  const signal = Digit.safeParse(/^\s*Signal\s*=\s*([0-9*#A-D])\s*$/im.exec(body)?.[1]?.toUpperCase());
  const duration = Number(/^\s*Duration\s*=\s*(\d{1,5})\s*$/im.exec(body)?.[1] ?? 100);
  return signal.success ? { digit: signal.data, durationMs: duration } : undefined;
}

function received(
  call: Call,
  leg: LegName,
  digit: string,
  durationMs: number,
  mode: 'rfc4733' | 'info',
): string {
  const digitId = call.context.clock.newId();
  if (leg === 'a') call.digits.received += 1;
  call.say('dtmf.received', { digitId, digit, leg, durationMs, mode });
  return digitId;
}

function delivered(call: Call, digitId: string, digit: string, leg: LegName, mode: 'rfc4733' | 'info'): void {
  if (leg === 'b') call.digits.delivered += 1;
  call.say('dtmf.delivered', { digitId, digit, leg, mode });
}
