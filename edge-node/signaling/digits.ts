import type { LegName } from '../../contracts/events/call.ts';
import { Digit } from '../../contracts/events/dtmf.ts';
import type { SeenDigit } from '../ports.ts';
import type { Call } from './call.ts';
import type { Dialog } from './sip.ts';

type DigitMode = 'rfc4733' | 'info';

const otherLeg = (leg: LegName): LegName => (leg === 'a' ? 'b' : 'a');

/** How a leg takes digits, where a side of the call says so; undefined: as they come. */
function modeOf(call: Call, leg: LegName): DigitMode | undefined {
  const takes = { a: takesInfo(call, call.trunk), b: takesInfo(call, call.answer?.trunk) };
  if (takes[leg]) return 'info';
  return takes[otherLeg(leg)] && call.takesDigits[leg] ? 'rfc4733' : undefined;
}

function takesInfo({ context }: Call, trunk: string | undefined): boolean {
  const { trunks = {} } = context.snapshot.current()?.config ?? {};
  return trunk !== undefined && Object.hasOwn(trunks, trunk) && trunks[trunk]?.dtmf === 'info';
}

/** Whether INFO of one side may have to become RFC 4733 for the other: exactly one of them speaks INFO. */
export const playsDigits = (call: Call, targetTrunk: string | undefined): boolean =>
  takesInfo(call, call.trunk) !== takesInfo(call, targetTrunk);

/** Who takes digits as INFO gets no packets of them besides: each would be heard twice. */
export function withholdDigits(call: Call): void {
  for (const leg of ['a', 'b'] as const) {
    if (modeOf(call, leg) !== 'info') continue;
    call.media?.digits.withhold(otherLeg(leg)).catch((error: unknown) => {
      call.context.logger.warn({ callId: call.id, leg, err: error }, 'RFC 4733 goes beside INFO');
    });
  }
}

/** rtpengine saw a key on one leg and passed the packets on, unless they are withheld because INFO goes instead. */
export function heardDigit(call: Call, { leg, digit, durationMs }: SeenDigit): void {
  if (isOwn(call, leg, digit)) return;
  const digitId = received(call, leg, digit, durationMs, 'rfc4733');
  if (call.answeredAt === undefined || call.isOver) return;
  const to = otherLeg(leg);
  const said = { digitId, digit, leg: to, durationMs };
  if (modeOf(call, to) === 'info') sendInfo(call, said, asDtmfRelay(said));
  else if (call.takesDigits[to]) delivered(call, digitId, digit, to, 'rfc4733');
}

/** Digits that come as INFO go on as INFO, or as RFC 4733 where the other side is set to that. */
export function relayInfoDigits(call: Call, leg: LegName, from: Dialog): void {
  from.onInfo((contentType, body) => {
    const pressed = readDtmfRelay(contentType, body);
    if (!pressed || call.isOver) return;
    const to = otherLeg(leg);
    const said = {
      ...pressed,
      leg: to,
      digitId: received(call, leg, pressed.digit, pressed.durationMs, 'info'),
    };
    if (modeOf(call, to) === 'rfc4733') void playDigit(call, said);
    else sendInfo(call, said, body);
  });
}

interface Onward {
  readonly digitId: string;
  readonly digit: string;
  readonly durationMs: number;
  /** Where it goes. */
  readonly leg: LegName;
}

function sendInfo(call: Call, { digitId, digit, leg }: Onward, body: string): void {
  void call[leg]?.info('application/dtmf-relay', body).then((accepted) => {
    if (accepted && !call.isOver) delivered(call, digitId, digit, leg, 'info');
  });
}

/** Digits that we have put into a stream ourselves: rtpengine reports them as if that side had pressed them. */
const played = new WeakMap<
  Call,
  { readonly from: LegName; readonly digit: string; readonly until: number }[]
>();
/** rtpengine plays one digit after the other, and reports each at its end. */
const REPORTED_WITHIN_MS = 5_000;

async function playDigit(call: Call, { digitId, digit, durationMs, leg }: Onward): Promise<void> {
  const from = otherLeg(leg);
  const { clock, logger } = call.context;
  const until = clock.monotonic() + durationMs + REPORTED_WITHIN_MS;
  played.set(call, [...(played.get(call) ?? []), { from, digit, until }]);
  try {
    await call.media?.digits.play(digit, durationMs, from);
    if (!call.isOver) delivered(call, digitId, digit, leg, 'rfc4733');
  } catch (error) {
    logger.warn({ callId: call.id, leg, err: error }, 'a digit was not played');
  }
}

function isOwn(call: Call, leg: LegName, digit: string): boolean {
  const now = call.context.clock.monotonic();
  const expected = (played.get(call) ?? []).filter(({ until }) => until >= now);
  const index = expected.findIndex((one) => one.from === leg && one.digit === digit);
  played.set(call, index < 0 ? expected : expected.toSpliced(index, 1));
  return index >= 0;
}

const asDtmfRelay = ({ digit, durationMs }: Onward) => `Signal=${digit}\r\nDuration=${durationMs}\r\n`;

/** `Signal=5` and `Duration=160`, one a line. */
function readDtmfRelay(contentType: string, body: string): { digit: string; durationMs: number } | undefined {
  if (!/^application\/dtmf-relay\b/i.test(contentType)) return undefined;
  const signal = Digit.safeParse(/^\s*Signal\s*=\s*([0-9*#A-D])\s*$/im.exec(body)?.[1]?.toUpperCase());
  const duration = Number(/^\s*Duration\s*=\s*(\d{1,5})\s*$/im.exec(body)?.[1] ?? 100);
  return signal.success ? { digit: signal.data, durationMs: duration } : undefined;
}

function received(call: Call, leg: LegName, digit: string, durationMs: number, mode: DigitMode): string {
  const digitId = call.context.clock.newId();
  if (leg === 'a') call.digits.received += 1;
  call.say('dtmf.received', { digitId, digit, leg, durationMs, mode });
  return digitId;
}

function delivered(call: Call, digitId: string, digit: string, leg: LegName, mode: DigitMode): void {
  if (leg === 'b') call.digits.delivered += 1;
  call.say('dtmf.delivered', { digitId, digit, leg, mode });
}
