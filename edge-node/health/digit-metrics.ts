import { Counter, Gauge, type Registry } from 'prom-client';
import type { TrunklineEvent } from '../../contracts/events.ts';

/** Labels: what became of a digit, how it came or went, the trunk of that side (empty for an agent), and why it went missing. */
export function digitMetrics(
  registry: Registry,
  lost: () => Promise<number | undefined>,
): (event: TrunklineEvent) => void {
  const registers = [registry];
  const digits = new Counter({
    name: 'trunkline_dtmf_digits_total',
    help: 'Digits received, delivered, and not delivered though they should have been (gap)',
    labelNames: ['stage', 'trunk', 'mode'],
    registers,
  });
  const gaps = new Counter({
    name: 'trunkline_dtmf_delivery_gaps_total',
    help: 'Digits that were not delivered, by the reason and the trunk to which they should have gone',
    labelNames: ['reason', 'trunk'],
    registers,
  });
  new Gauge({
    name: 'trunkline_dtmf_log_lost',
    help: 'Lines of the DTMF log of rtpengine that the kernel had no room for, since the start of the edge',
    registers,
    async collect() {
      const count = await lost();
      if (count !== undefined) this.set(count);
    },
  });
  return (event) => {
    if (event.type === 'dtmf.received' || event.type === 'dtmf.delivered') {
      const stage = event.type === 'dtmf.received' ? 'received' : 'delivered';
      digits.inc({ stage, trunk: event.trunk ?? '', mode: event.mode });
    } else if (event.type === 'dtmf.delivery-gap') {
      const trunk = event.trunk ?? '';
      digits.inc({ stage: 'gap', trunk, mode: '' });
      gaps.inc({ reason: event.reason, trunk });
    }
  };
}
