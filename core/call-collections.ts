import type { EventOf } from '../contracts/events.ts';

/** What came of a collection of digits. What was encrypted stands in its event only. */
type CollectionState = Pick<
  EventOf<'dtmf.collected'>,
  'leg' | 'name' | 'outcome' | 'attempts' | 'digits' | 'reason'
> & { readonly seq: number; readonly time: string };

/** By the id of the collection. */
export type Collections = Readonly<Record<string, CollectionState>>;

/** The state of a call has no room for more; all of them stand in its events. */
const collectionsKept = 32;

/** The first ones are kept, in whatever order they come. */
export function withCollection(
  collections: Collections,
  { collectionId, time, leg, name, outcome, attempts, digits, reason }: EventOf<'dtmf.collected'>,
  seq: number,
): Collections {
  const optional = {
    ...(name !== undefined && { name }),
    ...(digits !== undefined && { digits }),
    ...(reason !== undefined && { reason }),
  };
  const known = collections[collectionId];
  if (known && known.seq < seq) return collections;
  const all = { ...collections, [collectionId]: { seq, time, leg, outcome, attempts, ...optional } };
  const bySeq = Object.entries(all).sort(([, one], [, other]) => one.seq - other.seq);
  return Object.fromEntries(bySeq.slice(0, collectionsKept));
}
