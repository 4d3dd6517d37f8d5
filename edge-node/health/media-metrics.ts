import { Counter, Histogram, type Registry } from 'prom-client';
import type { LegMedia } from '../../contracts/events/call.ts';
import type { TrunklineEvent } from '../../contracts/events.ts';

const MOS_BUCKETS = [1, 2, 2.5, 3, 3.3, 3.6, 3.8, 4, 4.1, 4.2, 4.3, 4.4, 4.5];
const LOSS_BUCKETS = [0, 0.1, 0.5, 1, 2, 3, 5, 10, 20, 50, 100];
const JITTER_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2];

/** Labels: the side, and its trunk (empty for an agent). */
export function mediaMetrics(registry: Registry): (event: TrunklineEvent) => void {
  const registers = [registry];
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `trunkline_${name}`, help, labelNames: ['leg', 'trunk'], buckets, registers });
  const mos = histogram('leg_mos', 'Mean opinion score of a side of a call', MOS_BUCKETS);
  const loss = histogram('leg_loss_percent', 'RTP packets of a side that were lost', LOSS_BUCKETS);
  const jitter = histogram('leg_jitter_seconds', 'Jitter of a side of a call', JITTER_BUCKETS);
  const late = histogram(
    'leg_late_percent',
    'RTP packets of a side that came too late to be heard',
    LOSS_BUCKETS,
  );
  const timeouts = new Counter({
    name: 'trunkline_rtp_timeouts_total',
    help: 'Sides from which no RTP came for as long as the policy allows',
    labelNames: ['kind'],
    registers,
  });
  const trunksOf = new Map<string, { readonly a: string; readonly b: string }>();
  const judge = (leg: 'a' | 'b', trunk: string, media: LegMedia) => {
    const labels = { leg, trunk };
    if (media.mos !== null) mos.observe(labels, media.mos);
    if (media.lossPercent !== null) loss.observe(labels, media.lossPercent);
    if (media.jitterMs !== null) jitter.observe(labels, media.jitterMs / 1000);
    if (media.latePercent !== undefined) late.observe(labels, media.latePercent);
  };
  return (event) => {
    if (event.type === 'call.received') trunksOf.set(event.callId, { a: event.trunk, b: '' });
    else if (event.type === 'call.answered')
      trunksOf.set(event.callId, { a: trunksOf.get(event.callId)?.a ?? '', b: event.trunk ?? '' });
    else if (event.type === 'media.timeout') timeouts.inc({ kind: 'timeout' });
    else if (event.type === 'media.one-way') timeouts.inc({ kind: 'one-way' });
    else if (event.type === 'call.ended') {
      const { a, b } = trunksOf.get(event.callId ?? '') ?? { a: '', b: '' };
      trunksOf.delete(event.callId ?? '');
      if (event.media) judge('a', a, event.media.a);
      if (event.media) judge('b', b, event.media.b);
    }
  };
}
