import type { BusEntry } from '../ports.ts';

/** Limits of one PutEvents call, from the EventBridge quotas. */
export const limits = { entries: 10, bytes: 256 * 1024 } as const;

/** Counted against the limit beside detail, source and type: the time stamp. */
const timeBytes = 14;

/** An event on its way to the bus. */
export interface Parcel {
  readonly entry: BusEntry;
  readonly bytes: number;
  /** How often the bus has failed this very entry. */
  tries: number;
  /** Sent by itself, to find out whether it or a neighbour is at fault. */
  alone: boolean;
}

/** Size of an entry as EventBridge counts it. */
export const entryBytes = ({ source, detailType, detail }: BusEntry): number =>
  timeBytes + source.length + detailType.length + Buffer.byteLength(detail);

/** First in, first out, with a way back to the front. */
export class ParcelQueue {
  #front: Parcel[] = [];
  #rest: Parcel[] = [];
  #taken = 0;

  get length(): number {
    return this.#front.length + this.#rest.length - this.#taken;
  }

  push(parcel: Parcel): void {
    this.#rest.push(parcel);
  }

  putBack(parcels: readonly Parcel[]): void {
    this.#front = [...parcels, ...this.#front];
  }

  /** As many as fit into one call beside `first`. */
  take(first: readonly Parcel[] = []): Parcel[] {
    const batch = [...first];
    let bytes = batch.reduce((sum, parcel) => sum + parcel.bytes, 0);
    while (batch.length < limits.entries) {
      const next = this.#front[0] ?? this.#rest[this.#taken];
      if (!next || bytes + next.bytes > limits.bytes || (next.alone && batch.length > 0)) break;
      this.#drop();
      batch.push(next);
      bytes += next.bytes;
      if (next.alone) break;
    }
    return batch;
  }

  #drop(): void {
    if (this.#front.length > 0) this.#front.shift();
    else this.#taken += 1;
    if (this.#taken < 1024 || this.#taken * 2 < this.#rest.length) return;
    this.#rest = this.#rest.slice(this.#taken);
    this.#taken = 0;
  }
}
