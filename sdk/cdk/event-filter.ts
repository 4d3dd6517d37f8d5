import type { EventOf, EventType } from '../../contracts/events.ts';

/** One of the comparisons of EventBridge's content filtering. */
export type Comparison =
  | { readonly prefix: string }
  | { readonly suffix: string }
  | { readonly wildcard: string }
  | { readonly exists: boolean }
  | { readonly 'anything-but': string | number | readonly (string | number)[] }
  | { readonly numeric: readonly (string | number)[] };

type Scalar = string | number | boolean | null;

/** For each field the values of which one must stand there, or a comparison. */
type FieldsOf<E> = {
  readonly [K in keyof E]?: NonNullable<E[K]> extends Scalar
    ? readonly (E[K] | Comparison)[]
    : NonNullable<E[K]> extends readonly (infer I)[]
      ? readonly (I | Comparison)[]
      : FieldsOf<NonNullable<E[K]>>;
};

/** Which events of a type are wanted: fields that the event does not have are errors of the compiler. */
export type EventFilter<T extends EventType> = FieldsOf<EventOf<T>>;
