import pTimeout from 'p-timeout';
import type { FleetRow, RegistrationRow } from '../../../contracts/tables.ts';
import type { Clock, FleetDirectory, RegistrationsTable } from '../../ports.ts';
import type { QuietLog } from '../guard/quiet-log.ts';

/** A contact that is registered with another edge, which has the way to it. */
export interface BindingElsewhere {
  readonly q: number;
  /** What its edge wants to be shown. */
  readonly pass: string;
  /** `HOST:PORT;transport=T` of its edge. */
  readonly server: string;
}

export interface BindingsElsewhere {
  /** Settles within half a second; none where the tables do not answer. */
  of(user: { readonly trunk: string; readonly user: string }): Promise<readonly BindingElsewhere[]>;
}

export interface BindingsElsewhereParts {
  readonly table: Pick<RegistrationsTable, 'of'>;
  readonly fleet: FleetDirectory;
  /** This edge: what is registered with it is known without a table. */
  readonly edgeId: string;
  /** How often each edge of the fleet shows that it lives, ms. */
  readonly heartbeatMs: number;
  readonly clock: Clock;
  readonly log: QuietLog;
}

const LOOK_UP_MS = 500;
/** So many heartbeats missed, and an edge counts as dead. */
const MISSED = 3;

export function findElsewhere(parts: BindingsElsewhereParts): BindingsElsewhere {
  const { table, fleet, edgeId, heartbeatMs, clock, log } = parts;
  const isFresh = ({ heartbeatAt, draining }: FleetRow) =>
    !draining && clock.now() - heartbeatAt <= heartbeatMs * MISSED;
  const lookUp = async (trunk: string, user: string) => {
    const rows = (await table.of(trunk, user)).filter(
      (row) => row.edgeId !== edgeId && row.expiresAt > clock.now(),
    );
    const owners = await Promise.all([...new Set(rows.map((row) => row.edgeId))].map((id) => fleet.find(id)));
    const living = new Map(owners.flatMap((row) => (row && isFresh(row) ? [[row.edgeId, row]] : [])));
    return rows.flatMap((row) => throughOwner(row, living.get(row.edgeId)));
  };
  return {
    async of({ trunk, user }) {
      try {
        return await pTimeout(lookUp(trunk, user), { milliseconds: LOOK_UP_MS });
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.warn('registrations', { reason }, 'who is registered with other edges is not known');
        return [];
      }
    },
  };
}

/** An edge that has begun a new life has forgotten who was registered with it. */
function throughOwner({ q, pass, epoch }: RegistrationRow, owner: FleetRow | undefined): BindingElsewhere[] {
  const server = owner?.epoch === epoch ? serverOf(owner.contacts) : undefined;
  return server === undefined ? [] : [{ q, pass, server }];
}

/** The SIP server of the owner. TCP first: an INVITE that is too long for UDP is in danger of being lost. */
function serverOf(contacts: readonly string[]): string | undefined {
  for (const transport of ['tcp', 'udp', 'tls']) {
    const address = contacts
      .find((contact) => contact.startsWith(`${transport}/`))
      ?.slice(transport.length + 1);
    if (address !== undefined) return `${address};transport=${transport}`;
  }
  return undefined;
}
