import { Counter, Gauge, type Registry } from 'prom-client';
import type { TrunklineEvent } from '../../contracts/events.ts';

/** One registration with a carrier at the moment of a scrape. */
export interface RegistrationGauges {
  readonly trunk: string;
  readonly registered: boolean;
}

/** Gives what is to be told of every event. */
export function registrationMetrics(
  registry: Registry,
  gauges: () => readonly RegistrationGauges[],
): (event: TrunklineEvent) => void {
  new Gauge({
    name: 'trunkline_trunk_registered',
    help: 'Whether this edge is registered with the carrier of this trunk',
    labelNames: ['trunk'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { trunk, registered } of gauges()) this.set({ trunk }, Number(registered));
    },
  });
  const failures = new Counter({
    name: 'trunkline_trunk_registration_failures_total',
    help: 'Tries to register with the carrier of this trunk that failed',
    labelNames: ['trunk'],
    registers: [registry],
  });
  return (event) => {
    if (event.type === 'trunk.registration-failed') failures.inc({ trunk: event.trunk });
  };
}
