import type { EventOf, EventType } from '../../contracts/events.ts';

type OneOrMore<T> = T | readonly T[];

/** Of the letters of a value, without regard to upper and lower case. */
interface IgnoreCase {
  readonly 'equals-ignore-case': string;
}

/**
 * One of the comparisons of EventBridge's content filtering.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export type Comparison =
  | { readonly prefix: string | IgnoreCase }
  | { readonly suffix: string | IgnoreCase }
  | { readonly wildcard: string }
  | IgnoreCase
  | { readonly exists: boolean }
  /** An address of the block: `{ cidr: '192.0.2.0/24' }`. */
  | { readonly cidr: string }
  | { readonly 'anything-but': OneOrMore<string> | OneOrMore<number> | AnythingBut }
  | { readonly numeric: readonly [Bound, number] | readonly [Bound, number, Bound, number] };

type Bound = '=' | '<' | '<=' | '>' | '>=';

type AnythingBut =
  | { readonly prefix: OneOrMore<string> }
  | { readonly suffix: OneOrMore<string> }
  | { readonly wildcard: OneOrMore<string> }
  | { readonly 'equals-ignore-case': OneOrMore<string> };

type Scalar = string | number | boolean | null;

/** Values of which one must stand there, or comparisons. */
type Leaf<V> = readonly (Exclude<V, undefined> | Comparison)[];

/** Of a list EventBridge looks at each item: fields of objects in a list are named as if there were but one. */
type FieldOf<V> =
  NonNullable<V> extends Scalar
    ? Leaf<V>
    : NonNullable<V> extends readonly (infer I)[]
      ? I extends Scalar
        ? Leaf<I>
        : FieldsOf<I>
      : FieldsOf<NonNullable<V>>;

type FieldsOf<E> = E extends unknown
  ? { readonly [K in keyof E]?: FieldOf<E[K]> } & {
      /** One of these is enough; what stands beside `$or` must be so as well. */
      readonly $or?: readonly [FieldsOf<E>, FieldsOf<E>, ...FieldsOf<E>[]];
    }
  : never;

/** Which events of a type are wanted: fields that the event does not have are errors of the compiler. */
export type EventFilter<T extends EventType> = FieldsOf<EventOf<T>>;
