import { Counter, Histogram, type Registry } from 'prom-client';
import type { LegMedia } from '../../contracts/events/call.ts';
import type { TrunklineEvent } from '../../contracts/events.ts';

const MOS_BUCKETS = [1, 2, 2.5, 3, 3.3, 3.6, 3.8, 4, 4.1, 4.2, 4.3, 4.4, 4.5];
const LOSS_BUCKETS = [0, 0.1, 0.5, 1, 2, 3, 5, 10, 20, 50, 100];
const JITTER_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2];

/** Labels: the side, and the trunk of the caller (empty for the side that was called). */
export function mediaMetrics(registry: Registry): (event: TrunklineEvent) => void {
  const registers = [registry];
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `trunkline_${name}`, help, labelNames: ['leg', 'trunk'], buckets, registers });
  const mos = histogram('leg_mos', 'Mean opinion score of a side of a call', MOS_BUCKETS);
  const loss = histogram('leg_loss_percent', 'RTP packets of a side that were lost', LOSS_BUCKETS);
  const jitter = histogram('leg_jitter_seconds', 'Jitter of a side of a call', JITTER_BUCKETS);
  const timeouts = new Counter({
    name: 'trunkline_rtp_timeouts_total',
    help: 'Sides from which no RTP came for as long as the policy allows',
    labelNames: ['kind'],
    registers,
  });
  const trunkOf = new Map<string, string>();
  const judge = (leg: 'a' | 'b', trunk: string, media: LegMedia) => {
    const labels = { leg, trunk };
    if (media.mos !== null) mos.observe(labels, media.mos);
    if (media.lossPercent !== null) loss.observe(labels, media.lossPercent);
    if (media.jitterMs !== null) jitter.observe(labels, media.jitterMs / 1000);
  };
  return (event) => {
    if (event.type === 'call.received') trunkOf.set(event.callId, event.trunk);
    else if (event.type === 'media.timeout') timeouts.inc({ kind: 'timeout' });
    else if (event.type === 'media.one-way') timeouts.inc({ kind: 'one-way' });
    else if (event.type === 'call.ended') {
      const trunk = trunkOf.get(event.callId ?? '') ?? '';
      trunkOf.delete(event.callId ?? '');
      if (event.media) judge('a', trunk, event.media.a);
      if (event.media) judge('b', '', event.media.b);
    }
  };
}
