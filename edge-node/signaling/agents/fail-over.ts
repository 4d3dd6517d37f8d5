import type { LegName } from '../../../contracts/events/call.ts';
import type { ConnectRoute } from '../../../contracts/route-decision.ts';
import type { Call } from '../call.ts';
import { occupantOf } from '../occupant.ts';
import type { Dialog } from '../sip.ts';
import { bridge } from '../transfer/bridge.ts';
import { Transferring } from '../transfer/transferring.ts';

/**
 * The agent of an answered call is lost: the targets behind it are called, and who answers takes its place; the caller's side
 * sees nothing of it. Where there is none, or none answers, the call ends. Never rejects.
 */
export async function goOn(call: Call, { dialog, target, leg }: Lost, why: string): Promise<void> {
  if (call.isOver || call[leg] !== dialog) return;
  const route = leg === 'b' ? remaining(call.route, target) : undefined;
  call.say('media.agent-lost', { leg, target, detail: why.slice(0, 512), left: route?.targets.length ?? 0 });
  // A transfer that is on its way has a better place for the caller.
  if (route && !call.transfer) {
    const others = route.targets.map(({ id }) => id).join(', ');
    const transfer = new Transferring(call, { kind: 'bridged', by: 'command', target: others, stays: 'a' });
    transfer.begin();
    if (!transfer.isOver) await bridge(call, { transfer, route, to: occupantOf(call, 'b').party });
  }
  if (call.isOver || call[leg] !== dialog) return;
  if (leg === 'b') await apologize(call);
  void call.end({ reason: 'target-unavailable', by: leg, detail: `${target} was lost: ${why}` });
}

interface Lost {
  readonly dialog: Dialog;
  /** By its id. */
  readonly target: string;
  readonly leg: LegName;
}

/** What the agent's configuration has for callers whom nobody is left for; a call that ends meanwhile waits for nothing. */
async function apologize({ route, media, context, over, id }: Call): Promise<void> {
  if (route?.lostPrompt === undefined || !media) return;
  try {
    const file = await context.prompts.find(route.lostPrompt);
    const ms = await media.playback.play(file, ['a'], 1);
    await new Promise<void>((played) => {
      const forget = context.clock.after(ms, played);
      over.addEventListener('abort', () => [forget(), played()], { once: true });
    });
  } catch (err) {
    context.logger.warn(
      { callId: id, err, prompt: route.lostPrompt },
      'the caller of a lost agent could not be told',
    );
  }
}

function remaining(route: ConnectRoute | undefined, lost: string): ConnectRoute | undefined {
  const at = route?.targets.findIndex(({ id }) => id === lost) ?? -1;
  const targets = route?.targets.slice(at + 1) ?? [];
  return route && at >= 0 && targets.length > 0 ? { ...route, targets } : undefined;
}
