import type { Call } from './call.ts';
import { watchSilence } from './silence-watch.ts';

/** First look for RTP, ms after the answer; later looks wait twice as long each. */
const FIRST_LOOK_MS = 500;
const LONGEST_WAIT_MS = 8_000;

/** Says when audio flows both ways, then how it is every `qualityEverySeconds`, and where it does not come any more. */
export function watchMedia(call: Call): void {
  const answeredAt = call.answeredAt ?? call.context.clock.monotonic();
  const look = async (wait: number) => {
    const totals = await call.media?.totals().catch(() => undefined);
    if (call.isOver) return;
    if (totals && totals.a.packets > 0 && totals.b.packets > 0) {
      call.say('media.started', { afterMs: Math.round(call.context.clock.monotonic() - answeredAt) });
      return reportQuality(call);
    }
    const next = Math.min(wait * 2, LONGEST_WAIT_MS);
    call.after(next, () => void look(next));
  };
  call.after(FIRST_LOOK_MS, () => void look(FIRST_LOOK_MS));
  watchSilence(call);
}

function reportQuality(call: Call): void {
  const every = (call.route?.qualityEverySeconds ?? 60) * 1000;
  call.after(every, async () => {
    const totals = await call.media?.totals().catch(() => undefined);
    if (call.isOver) return;
    if (totals) call.say('media.quality', totals);
    reportQuality(call);
  });
}
