import * as z from 'zod';

const remedy =
  'must be { env: NAME } or { secret: NAME-OR-ARN, field: KEY }: a secret never stands in the file itself';

const VariableName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,127}$/, 'must be an environment variable such as CARRIER_A_PASSWORD');

/** What Secrets Manager allows in a name, or in an ARN. */
const SecretName = z
  .string()
  .regex(
    /^[A-Za-z0-9/_+=.@:-]{1,2048}$/,
    'must be the name or the ARN of a secret, such as trunkline/carrier-a',
  );

/** Where a secret is kept: in the environment of the edge, or in Secrets Manager (`field`: a key of a JSON secret). */
export const SecretRef = z.union(
  [
    z.strictObject({ env: VariableName }),
    z.strictObject({ secret: SecretName, field: z.string().min(1).max(128).optional() }),
  ],
  { error: remedy },
);
export type SecretRef = z.infer<typeof SecretRef>;

/** For a message: never more than where it is kept. */
export const nameOfSecret = (ref: SecretRef): string => {
  if ('env' in ref) return `environment variable ${ref.env}`;
  return ref.field === undefined
    ? `secret "${ref.secret}"`
    : `field "${ref.field}" of secret "${ref.secret}"`;
};
