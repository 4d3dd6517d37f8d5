import type { Logger } from 'pino';
import type { Narrator } from '../../narrator.ts';
import type { Clock, FleetDirectory, RegistrationsTable, RoutingSnapshot } from '../../ports.ts';
import type { QuietLog } from '../guard/quiet-log.ts';
import { type Bindings, keepBindings } from './bindings.ts';
import { type BindingsElsewhere, findElsewhere } from './bindings-elsewhere.ts';
import { publishBindings } from './published-bindings.ts';

export interface RegistrarParts {
  readonly snapshot: Pick<RoutingSnapshot, 'current'>;
  readonly narrator: Pick<Narrator, 'say' | 'edge'>;
  readonly registrationsTable: RegistrationsTable;
  readonly fleet: FleetDirectory;
  /** How often each edge of the fleet shows that it lives, ms. */
  readonly heartbeatMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Who is registered, with this edge and with the others. */
export interface Registrar extends Disposable {
  readonly bindings: Bindings;
  readonly elsewhere: BindingsElsewhere;
  /** Resolves once the other edges can know what this one knows, where the table answers. */
  settled(): Promise<void>;
}

export function openRegistrar(parts: RegistrarParts, log: QuietLog): Registrar {
  const { registrationsTable: table, narrator } = parts;
  const { edge } = narrator;
  const published = publishBindings({ ...parts, table, edge });
  const bindings = keepBindings({ ...parts, published });
  return {
    bindings,
    elsewhere: findElsewhere({ ...parts, table, edgeId: edge.id, log }),
    settled: () => published.settled(),
    [Symbol.dispose]() {
      bindings[Symbol.dispose]();
      published[Symbol.dispose]();
    },
  };
}
