import type { AgentSessionEvent } from '../../../contracts/agent-media/session.ts';
import { Command } from '../../../contracts/commands.ts';
import type { LegName } from '../../../contracts/events/call.ts';
import type { Call } from '../call.ts';

/** What happens at the agent of one side: told as events, or obeyed as a command that a program would send over the bus. */
export function hearAgent(call: Call, leg: LegName, event: AgentSessionEvent): void {
  const { logger } = call.context;
  const about = { callId: call.id, type: event.type };
  logger.debug(about, 'an agent says');
  if (call.isOver) return;
  const side = leg === 'a' ? 'b' : 'a';
  if (event.type === 'disconnected')
    call.say('media.agent-disconnected', { leg, code: event.code, reason: event.reason.slice(0, 256) });
  else if (event.type === 'reconnected') call.say('media.agent-reconnected', { leg, attempt: event.attempt });
  else if (event.type === 'speech-started') call.say('media.speech', { leg: side, state: 'started' });
  else if (event.type === 'speech-stopped') call.say('media.speech', { leg: side, state: 'stopped' });
  else obey(call, wishOf(call, event), about);
}

function obey(call: Call, wish: object | undefined, about: object): void {
  const { logger, clock } = call.context;
  if (!wish) return;
  const read = Command.safeParse({ version: 1, id: clock.newId(), callId: call.id, ...wish });
  if (!read.success) {
    logger.warn(about, 'an agent asks for what is no command');
    return;
  }
  void call.command(read.data).then((outcome) => {
    if (!outcome.applied) logger.warn({ ...about, ...outcome }, 'what an agent asked for was refused');
  });
}

function wishOf(call: Call, event: AgentSessionEvent): object | undefined {
  if (event.type === 'hold' || event.type === 'resume') return { type: `call.${event.type}`, leg: 'a' };
  if (event.type === 'transfer') return { type: 'call.transfer', leg: 'a', to: whither(call, event.to) };
  return undefined;
}

/** An agent of the configuration by its name, a SIP URI that the configuration knows, or a number. */
function whither(call: Call, to: string): object {
  if (Object.hasOwn(call.context.snapshot.current()?.config.agents ?? {}, to)) return { agent: to };
  return to.startsWith('sip:') ? { uri: to } : { number: to };
}
