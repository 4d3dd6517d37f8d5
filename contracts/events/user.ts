import * as z from 'zod';
import { edgeEvent } from '../envelope.ts';

/** A phone or agent, by the trunk that it calls over. */
const Binding = { trunk: z.string(), user: z.string(), contact: z.string().max(512) };

/** A user registered a contact with this edge. Not said again at each refresh. */
export const UserRegistered = edgeEvent('user.registered', {
  ...Binding,
  /** Where it is reached: where its REGISTER came from. */
  source: z.object({ address: z.string(), port: z.int(), transport: z.string() }),
  expiresSeconds: z.int().positive(),
});

/** A contact of a user is gone: no call is sent there any more. */
export const UserUnregistered = edgeEvent('user.unregistered', {
  ...Binding,
  /** `asked`: by the user. `expired`: it was not refreshed. `removed`: the user is no longer in the configuration. */
  reason: z.enum(['asked', 'expired', 'removed']),
});
