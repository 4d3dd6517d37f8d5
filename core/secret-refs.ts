import type * as z from 'zod';
import { SecretRef } from '../contracts/config/secret.ts';
import { RoutingConfig } from '../contracts/config.ts';

/** Where a configuration names a secret. */
export interface NamedSecret {
  /** Dotted, such as `trunks.carrier.authentication.out.password`. */
  readonly path: string;
  readonly ref: SecretRef;
}

/** Every one, wherever the schema of the configuration has a place for one. */
export const secretsIn = (config: RoutingConfig): readonly NamedSecret[] => [
  ...walk(RoutingConfig, config, []),
];

function* walk(schema: z.ZodType, value: unknown, path: readonly string[]): Generator<NamedSecret> {
  if (value === undefined || value === null) return;
  if (schema === SecretRef) {
    yield { path: path.join('.'), ref: value as SecretRef };
    return;
  }
  const { def } = schema as z.ZodObject | z.ZodRecord | z.ZodArray | z.ZodUnion | z.ZodOptional;
  const entries = () => Object.entries(value as object);
  if (def.type === 'object')
    for (const [key, each] of entries())
      yield* walkKnown(def.shape[key] as z.ZodType | undefined, each, [...path, key]);
  if (def.type === 'record')
    for (const [key, each] of entries()) yield* walk(def.valueType as z.ZodType, each, [...path, key]);
  if (def.type === 'array')
    for (const [key, each] of entries()) yield* walk(def.element as z.ZodType, each, [...path, key]);
  // One that the value is of: they are told apart by their fields.
  if (def.type === 'union')
    yield* walkKnown(
      (def.options as readonly z.ZodType[]).find((option) => option.safeParse(value).success),
      value,
      path,
    );
  // Optional, or with a default.
  if ('innerType' in def) yield* walk(def.innerType as z.ZodType, value, path);
}

function* walkKnown(schema: z.ZodType | undefined, value: unknown, path: readonly string[]) {
  if (schema) yield* walk(schema, value, path);
}
