import * as z from 'zod';

/** Part of a URI before the `@`, where nothing needs an escape. */
const User = z.string().regex(/^[0-9A-Za-z+*#._-]{1,64}$/, 'must be a user such as trunkline or +15550100');

const Registrar = z
  .string()
  .max(260)
  .regex(
    /^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\])(:[1-9]\d{0,4})?$/,
    'must be HOST or HOST:PORT, such as sip.carrier.example',
  );

/** Each edge registers itself with the carrier, which then sends calls to wherever we are. */
export const TrunkRegistration = z.strictObject({
  /** Who is registered; without it the user name of `authentication.out`. Calls to it are for the number in their To. */
  user: User.optional(),
  /** Where; without it the trunk's first endpoint. */
  registrar: Registrar.optional(),
  /** Ids of the edges that register; without it each does. For a carrier that keeps one contact, or calls all at once. */
  edges: z
    .array(z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the id of an edge, such as edge-1'))
    .min(1)
    .optional(),
  /** What we ask for; the registrar may grant less, and with 423 more. */
  expiresSeconds: z.int().min(30).max(86_400).default(600),
});
export type TrunkRegistration = z.infer<typeof TrunkRegistration>;
