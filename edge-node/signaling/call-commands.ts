import type { Command, CommandOf, CommandType } from '../../contracts/commands.ts';
import type { CommandOutcome } from '../ports.ts';
import { type ApplyCommand, applied, refused } from './apply-command.ts';
import type { Call } from './call.ts';
import { collect } from './digits/collect.ts';
import { sendDtmf } from './digits/send-dtmf.ts';
import { hold, resume } from './mid-call/hold.ts';
import { updateMedia } from './mid-call/update-media.ts';
import { play, stop } from './play.ts';
import { transfer } from './transfer/transfer.ts';

const hangup: ApplyCommand<'call.hangup'> = (call, { reason }) => {
  afterThisTurn(() => void call.end({ reason: 'hung-up-by-command', detail: reason }));
  return applied;
};

const reject: ApplyCommand<'call.reject'> = (call, { sipStatus }) => {
  if (call.answeredAt !== undefined) {
    const message =
      'the call is answered: call.reject is for calls that still ring; send call.hangup instead';
    return refused('wrong-state', message);
  }
  afterThisTurn(() => void call.end({ reason: 'rejected-by-command', sipStatus }));
  return applied;
};

const appliers: { readonly [T in CommandType]?: ApplyCommand<T> } = {
  'call.hangup': hangup,
  'call.reject': reject,
  'call.hold': hold,
  'call.resume': resume,
  'call.update-media': updateMedia,
  'call.play': play,
  'call.stop': stop,
  'call.send-dtmf': sendDtmf,
  'call.transfer': transfer,
  'call.collect': collect,
};

export async function applyCommand<T extends CommandType>(
  call: Call,
  command: Command & { readonly type: T },
): Promise<CommandOutcome> {
  if (call.isOver) return refused('call-ended', 'the call has ended already');
  const apply = appliers[command.type] as ApplyCommand<T> | undefined;
  if (apply) return apply(call, command as CommandOf<T>);
  return refused('not-supported', `this edge does not know ${command.type}`);
}

/** `command.applied` is said before what the command causes. */
const afterThisTurn = (then: () => void) => setImmediate(then);
