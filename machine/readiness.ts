import type { InnerSeat, MachinePlan } from '../contracts/machine-plan.ts';
import { metrics } from '../contracts/metrics.ts';

/** CloudWatch keeps one value a minute: to say it more often costs and tells no more. */
const EVERY_MS = 30_000;

/**
 * Says whether an edge takes calls, as a line that CloudWatch Logs turns into a metric ("Embedded metric format
 * specification"). By it the SRV records leave an edge out. Rtpengines and gateways say nothing.
 */
export function tellReadiness(
  { role, prefix }: Pick<MachinePlan, 'role' | 'prefix'>,
  write: (line: string) => void,
  now: () => number = Date.now,
): (seat: InnerSeat, ready: boolean) => void {
  let next = 0;
  return ({ edge }, ready) => {
    if (role !== 'edge' || now() < next) return;
    next = now() + EVERY_MS;
    const about = {
      Namespace: metrics.namespace,
      Dimensions: [[metrics.fleet, metrics.edge]],
      Metrics: [{ Name: metrics.edgeReady }],
    };
    const line = {
      _aws: { Timestamp: now(), CloudWatchMetrics: [about] },
      [metrics.fleet]: prefix,
      [metrics.edge]: edge,
      [metrics.edgeReady]: ready ? 1 : 0,
    };
    write(`${JSON.stringify(line)}\n`);
  };
}
