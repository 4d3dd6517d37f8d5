import { terminations } from '../../../core/terminations.ts';
import { playApology } from '../agents/apology.ts';
import { credentialsOf } from '../auth/our-credentials.ts';
import type { Call, Verdict } from '../call.ts';
import { offerTo } from './offer.ts';
import type { Step } from './step.ts';

/**
 * Where no target of an agent has answered, and the agent has a recording for that, the caller is answered and hears it before
 * the call ends. A target that says no by its own choice (busy, declined) speaks for itself.
 */
export const orApologize =
  (dial: Step): Step =>
  async (call) => {
    const verdict = await dial(call);
    const prompt = call.route?.lostPrompt;
    if (!verdict || prompt === undefined || !terminations[verdict.reason].nextTarget) return verdict;
    const unreachable = unreachableBy(verdict);
    const isAnswered = await answerAlone(call, unreachable).catch((err: unknown) => {
      call.context.logger.warn({ callId: call.id, err }, 'the caller of an agent that is away is not told');
      return false;
    });
    if (!isAnswered) return verdict;
    await playApology(call, 'a', { prompt, cause: 'unreachable' });
    return unreachable;
  };

/** Its 200 is not what the record says of the end, nor that the caller hung up: nobody was there for it. */
const unreachableBy = ({ detail, reason }: Verdict): Verdict => ({
  reason: 'target-unavailable',
  detail: `no target answered: ${detail ?? reason}`,
});

/** False: the caller can be told by its final failure only. */
async function answerAlone(call: Call, unreachable: Verdict): Promise<boolean> {
  const { context, trunk } = call;
  const offered = await offerTo(call, {});
  if (typeof offered !== 'string' || !call.media || call.isOver) return false;
  const sdp = await call.media.answerAlone(offered);
  if (call.isOver) return false;
  const a = await call.invite.answer(sdp, credentialsOf(trunk, context));
  if (call.isOver) {
    await a.bye();
    return false;
  }
  call.a = a;
  call.answeredAt = context.clock.monotonic();
  const seconds = call.age() / 1000;
  if (!call.isOurs)
    context.metrics.invite({ kind: 'final', sipStatus: 200, direction: 'in', trunk, seconds });
  a.onBye(() => void call.end({ ...unreachable, by: 'a' }));
  return true;
}
