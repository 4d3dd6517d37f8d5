import type { AgentSessionEvent } from '../../../contracts/agent-media/session.ts';
import { Command } from '../../../contracts/commands.ts';
import type { LegName } from '../../../contracts/events/call.ts';
import { faultsOf } from '../../../contracts/refusal.ts';
import type { Call } from '../call.ts';
import { otherLeg } from '../digits/ledger.ts';
import type { Dialog } from '../sip.ts';

/** What happens at the agent of one side: told as events, or obeyed as a command that a program would send over the bus. */
export function hearAgent(call: Call, leg: LegName, dialog: Dialog, event: AgentSessionEvent): void {
  call.context.logger.debug({ callId: call.id, type: event.type }, 'an agent says');
  if (call.isOver) return;
  const wish = wishOf(call, otherLeg(leg), event);
  if (wish) obey(call, dialog, wish);
  else tell(call, leg, event);
}

function tell(call: Call, leg: LegName, event: AgentSessionEvent): void {
  if (event.type === 'disconnected')
    call.say('media.agent-disconnected', { leg, code: event.code, reason: event.reason.slice(0, 256) });
  else if (event.type === 'attempt-failed') {
    const { attempt, fault, detail } = event;
    call.say('media.agent-attempt-failed', { leg, attempt, fault, detail: detail.slice(0, 512) });
  } else if (event.type === 'reconnected')
    call.say('media.agent-reconnected', { leg, attempt: event.attempt });
  else if (event.type === 'message-refused') tellRefused(call, leg, event);
  else if (event.type === 'digit-delivered') call.digits.agentSays(leg, { digit: event.digit, taken: true });
  else if (event.type === 'digit-dropped')
    call.digits.agentSays(leg, { digit: event.digit, taken: false, why: 'not-taken' });
  else tellSpeech(call, otherLeg(leg), event);
}

/** The gateway tells the first ones of a session, and by field what was wrong: neither what was said nor a key. */
function tellRefused(
  call: Call,
  leg: LegName,
  { code, message }: Extract<AgentSessionEvent, { type: 'message-refused' }>,
): void {
  call.context.logger.warn({ callId: call.id, leg, code, why: message }, 'a message of an agent was refused');
  call.say('media.agent-message-refused', { leg, code: code.slice(0, 64), message: message.slice(0, 512) });
}

function tellSpeech(call: Call, leg: LegName, event: AgentSessionEvent): void {
  if (event.type === 'speech-stopped') call.say('media.speech', { leg, state: 'stopped' });
  if (event.type !== 'speech-started') return;
  const { droppedMs } = event;
  call.say('media.speech', { leg, state: 'started', ...(droppedMs === undefined ? {} : { droppedMs }) });
}

/** Words of a command. */
interface Wish {
  readonly type: string;
  readonly [field: string]: unknown;
}

function obey(call: Call, dialog: Dialog, wish: Wish): void {
  const { logger, clock } = call.context;
  const refuse = (code: string, message: string, why = message) => {
    logger.warn({ callId: call.id, type: wish.type, code, why }, 'what an agent asked for was refused');
    dialog.refuse?.({ code, message: `${wish.type}: ${message}`.slice(0, 1_024) });
  };
  const asked = { version: 1, id: clock.newId(), callId: call.id, ...wish };
  const { data, error } = Command.safeParse(asked);
  if (!data) {
    const faults = faultsOf(error, asked);
    const words = faults.map(({ path, message }) => `${path}: ${message}`).join('; ');
    // What the agent said is for the agent alone.
    refuse('invalid', words, `fields: ${faults.map(({ path }) => path).join(', ')}`);
    return;
  }
  void call.command(data).then((outcome) => {
    if (!outcome.applied && !call.isOver) refuse(outcome.reason, outcome.message);
  });
}

/** What an agent asks for is for the side that it talks to. */
function wishOf(call: Call, other: LegName, event: AgentSessionEvent): Wish | undefined {
  if (event.type === 'hold' || event.type === 'resume') return { type: `call.${event.type}`, leg: other };
  if (event.type === 'transfer') return { type: 'call.transfer', leg: other, to: whither(call, event.to) };
  return undefined;
}

/** An agent of the configuration by its name, a SIP URI that the configuration knows, or a number. */
function whither(call: Call, to: string): object {
  if (Object.hasOwn(call.context.snapshot.current()?.config.agents ?? {}, to)) return { agent: to };
  return to.startsWith('sip:') ? { uri: to } : { number: to };
}
