import { wayTo } from '../../../core/digit-way.ts';
import { type ApplyCommand, applied, refused } from '../apply-command.ts';

/** A comma, as modems have it, ms. */
const COMMA_MS = 1_000;

/** Begins to send; what becomes of each digit is said as it is delivered or missed. */
export const sendDtmf: ApplyCommand<'call.send-dtmf'> = (call, { id, leg, digits, durationMs, gapMs }) => {
  const side = call.digits.side(leg);
  if (!side) return refused('wrong-state', 'the call is not answered: send digits once it is');
  const way = wayTo(side);
  for (const key of digits) {
    if (key === ',') void call.digits.inTurn(leg, () => call.digits.player.pause(COMMA_MS));
    else call.digits.send({ to: leg, digit: key, durationMs, gapMs, commandId: id }, way);
  }
  return applied;
};
