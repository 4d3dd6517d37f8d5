import type { RoutingConfig } from '../../../contracts/config.ts';
import { type RegistrationPlan, registrationPlans } from '../../../core/registration.ts';
import type { RoutingSnapshot } from '../../ports.ts';
import {
  type Registration,
  type RegistrationParts,
  type RegistrationStatus,
  startRegistration,
} from './registration.ts';

/** Everything this edge has registered with carriers. */
export interface Registrations extends Disposable {
  status(): readonly RegistrationStatus[];
  /** Tells every registrar that no call is to come here any more. Resolves within some seconds. */
  drain(): Promise<void>;
}

export interface RegistrationsParts extends RegistrationParts {
  readonly snapshot: Pick<RoutingSnapshot, 'current'>;
  /** Id of this edge. */
  readonly edge: string;
}

/** How often it is looked whether the configuration has changed, ms. */
const LOOK_EVERY_MS = 250;

export function keepRegistrations(parts: RegistrationsParts): Registrations {
  const { snapshot, clock, edge } = parts;
  const running = new Map<string, { readonly plan: string; readonly registration: Registration }>();
  let seen: RoutingConfig['trunks'] | undefined;
  let stopLooking = () => {};

  const follow = (plans: readonly RegistrationPlan[]) => {
    const wanted = new Map(plans.map((plan) => [JSON.stringify(plan), plan]));
    for (const [trunk, { plan, registration }] of running) {
      if (wanted.delete(plan)) continue;
      running.delete(trunk);
      void registration.stop(true);
    }
    for (const [plan, each] of wanted)
      running.set(each.trunk, { plan, registration: startRegistration(each, parts) });
  };
  const look = () => {
    const trunks = snapshot.current()?.config.trunks;
    if (trunks && trunks !== seen) follow(registrationPlans(trunks, edge));
    seen = trunks;
    stopLooking = clock.after(LOOK_EVERY_MS, look);
  };
  const stopAll = (farewell: boolean) => {
    stopLooking();
    return Promise.all([...running.values()].map(({ registration }) => registration.stop(farewell)));
  };
  look();
  return {
    status: () => [...running.values()].map(({ registration }) => registration.status()),
    drain: async () => void (await stopAll(true)),
    [Symbol.dispose]: () => void stopAll(false),
  };
}
