import { Counter, Gauge, type Registry } from 'prom-client';
import type { TrunklineEvent } from '../../contracts/events.ts';

/** One registration with a carrier at the moment of a scrape. */
export interface RegistrationGauges {
  readonly trunk: string;
  readonly registered: boolean;
}

/** Contacts that users of one trunk have registered with this edge. */
export interface BindingGauges {
  readonly trunk: string;
  readonly bindings: number;
}

/** Gives what is to be told of every event. */
export function registrationMetrics(
  registry: Registry,
  gauges: () => {
    readonly registrations: readonly RegistrationGauges[];
    readonly bindings: readonly BindingGauges[];
  },
): (event: TrunklineEvent) => void {
  new Gauge({
    name: 'trunkline_trunk_registered',
    help: 'Whether this edge is registered with the carrier of this trunk',
    labelNames: ['trunk'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { trunk, registered } of gauges().registrations) this.set({ trunk }, Number(registered));
    },
  });
  new Gauge({
    name: 'trunkline_trunks_unregistered',
    help: 'Trunks whose carrier does not know this edge, though it should',
    registers: [registry],
    collect() {
      this.set(gauges().registrations.filter(({ registered }) => !registered).length);
    },
  });
  new Gauge({
    name: 'trunkline_user_bindings',
    help: 'Contacts that users of this trunk have registered with this edge',
    labelNames: ['trunk'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { trunk, bindings } of gauges().bindings) this.set({ trunk }, bindings);
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
