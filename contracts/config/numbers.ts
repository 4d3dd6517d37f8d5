import * as z from 'zod';
import { Name, Prefix, Priority, Weight } from './words.ts';

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as "09:00"');

const isTimezone = (name: string) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

/** From `from` up to, not including, `to`; past midnight where `to` is earlier. */
export const Hours = z.strictObject({
  timezone: z.string().refine(isTimezone, 'must be a time zone of IANA, such as Europe/Berlin'),
  days: z
    .array(z.enum(days))
    .min(1)
    .default([...days]),
  from: TimeOfDay,
  to: TimeOfDay,
});
export type Hours = z.infer<typeof Hours>;

/** A number, or with a star at its end all that begin so. `anonymous` is a caller without one. */
const CallerPattern = z
  .string()
  .regex(
    /^(anonymous|\+?[0-9A-Za-z._-]{1,32}\*?)$/,
    'must be a caller such as "+15550100", "+1555*" or "anonymous"',
  );

const toAgent = { agent: Name };
const toRefusal = { reject: z.int().min(400).max(699) };

/** All that is given must hold. */
const when = {
  callers: z.array(CallerPattern).min(1).optional(),
  trunks: z.array(Name).min(1).optional(),
  hours: Hours.optional(),
};

const what = 'must be { agent: NAME } or { reject: SIP-STATUS }';

/** The first rule that holds is the route. Where none does the call is refused. */
export const NumberRule = z.union(
  [z.strictObject({ ...when, ...toAgent }), z.strictObject({ ...when, ...toRefusal })],
  {
    error: `${what}, with conditions: callers, trunks, hours`,
  },
);
export type NumberRule = z.infer<typeof NumberRule>;

/** A number routes to an agent, or is refused with a SIP status; or the first rule of a list that holds decides. */
export const NumberRoute = z.union(
  [
    z.strictObject(toAgent),
    z.strictObject(toRefusal),
    z.strictObject({ rules: z.array(NumberRule).min(1).max(100) }),
  ],
  { error: `${what} or { rules: [...] }` },
);
export type NumberRoute = z.infer<typeof NumberRoute>;

/** E.164 with the plus sign, or any dialable string; `*` stands for every number not listed. */
export const DialedNumber = z
  .string()
  .regex(/^(\*|\+?[0-9A-Za-z*#._-]{1,64})$/, 'must be a number such as "+15550100", or "*" for all others');

/** A number that we call ourselves. */
export const CalledNumber = z
  .string()
  .regex(/^\+?[0-9*#]{1,32}$/, 'must be a number that a carrier dials, such as "+15550100"');

/** Calls out: numbers with this prefix go over these trunks. The longest prefix that fits wins. */
export const OutboundRoute = z.strictObject({
  prefix: Prefix,
  /** Trunks whose calls may take this route. Nobody else can call out at our expense. */
  from: z.array(Name).min(1),
  trunks: z.array(z.strictObject({ trunk: Name, priority: Priority, weight: Weight })).min(1),
  policy: Name.default('default'),
});
export type OutboundRoute = z.infer<typeof OutboundRoute>;
