import type { AgentSessionEvent } from '../../../contracts/agent-media/session.ts';
import { Command } from '../../../contracts/commands.ts';
import type { Call } from '../call.ts';

/** What an agent asks for is a command, as a program would send it over the bus. */
export function askFor(call: Call, event: AgentSessionEvent): void {
  const { logger, clock } = call.context;
  const about = { callId: call.id, type: event.type };
  logger.debug(about, 'an agent says');
  const wish = wishOf(call, event);
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
