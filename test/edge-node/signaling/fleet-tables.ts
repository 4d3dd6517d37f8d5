import type { FleetRow, RegistrationRow } from '../../../contracts/tables.ts';
import type { FleetDirectory, RegistrationsTable } from '../../../edge-node/ports.ts';

/** The tables that all edges share, in memory; `away` makes every request to them fail. */
export class FleetTables implements FleetDirectory, RegistrationsTable {
  away = false;
  readonly rows = new Map<string, RegistrationRow>();
  readonly edges = new Map<string, FleetRow>();
  readonly #keyOf = ({ user, place }: Pick<RegistrationRow, 'user' | 'place'>) => `${user} ${place}`;

  lives(edgeId: string, now: number, over: Partial<FleetRow> = {}): void {
    const place = { region: 'local', queueUrl: '', calls: 0, ttl: 0, draining: false };
    const contacts = [`udp/198.51.100.${this.edges.size + 10}:5060`];
    this.edges.set(edgeId, { edgeId, epoch: 1, heartbeatAt: now, contacts, ...place, ...over });
  }
  async find(edgeId: string) {
    this.#answer();
    return this.edges.get(edgeId);
  }
  async put(row: RegistrationRow) {
    this.#answer();
    this.rows.set(this.#keyOf(row), row);
  }
  async remove(key: Pick<RegistrationRow, 'user' | 'place'>) {
    this.#answer();
    this.rows.delete(this.#keyOf(key));
  }
  async of(trunk: string, user: string) {
    this.#answer();
    return [...this.rows.values()].filter((row) => row.trunk === trunk && row.name === user);
  }
  #answer() {
    if (this.away) throw new Error('the table does not answer');
  }
}
