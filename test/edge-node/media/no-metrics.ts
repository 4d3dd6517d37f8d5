import type { Metrics } from '../../../edge-node/ports.ts';

/** Nobody counts. */
export const noMetrics: Metrics = {
  observe() {},
  message() {},
  mediaRequest() {},
  refused() {},
  turnedAway() {},
  invite() {},
};
