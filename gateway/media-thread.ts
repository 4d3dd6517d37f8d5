import { parentPort, workerData } from 'node:worker_threads';
import pino from 'pino';
import { AgentFailure } from './agent-socket.ts';
import { systemClock } from './media/clock.ts';
import { Pacer } from './media/pacer.ts';
import { Session } from './session.ts';
import type { FromThread, Order, Outcome, ThreadSettings } from './thread-messages.ts';

/** One thread of calls: whatever is done for a frame is done here. */
const { logLevel, ...settings } = workerData as ThreadSettings;
const port = parentPort;
if (!port) throw new Error('media-thread runs as a worker thread');
const clock = systemClock;
const pacer = new Pacer(clock);
const logger = pino({ level: logLevel }, pino.destination(1));
const sessions = new Map<string, Session>();
const send = (message: FromThread) => port.postMessage(message);

async function obey(order: Order): Promise<unknown> {
  const { sessionId } = order;
  if (order.kind === 'open') {
    const tell = (happening: Extract<FromThread, { kind: 'happening' }>['happening']) =>
      send({ kind: 'happening', sessionId, happening });
    const own = { request: order.request, tell, logger: logger.child({ sessionId }) };
    const session = await Session.open({ ...settings, ...own, clock, pacer });
    sessions.set(sessionId, session);
    return session.answer;
  }
  const session = sessions.get(sessionId);
  if (!session) throw new AgentFailure('disconnected', 'there is no such session any more');
  if (order.kind === 'reoffer') return session.reoffer(order.sdp);
  if (order.kind === 'stats') return session.stats();
  if (order.kind === 'refuse') return session.refuse(order.refusal);
  sessions.delete(sessionId);
  const stats = session.stats();
  await session.end(order.reason);
  return stats;
}

port.on('message', (order: Order) => {
  const answer = (outcome: Outcome) => send({ kind: 'answer', number: order.number, outcome });
  obey(order).then(
    (value) => answer({ ok: true, value }),
    (error: unknown) => {
      const isKnown = error instanceof AgentFailure;
      if (!isKnown) logger.error({ err: error }, 'a session failed in an unexpected way');
      const message = error instanceof Error ? error.message : String(error);
      answer({ ok: false, fault: isKnown ? error.fault : 'unreachable', message });
    },
  );
});
send({ kind: 'ready' });
