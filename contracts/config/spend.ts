import * as z from 'zod';
import { Prefix } from './words.ts';

const atMost = (most: number) => z.number().positive().max(most).optional();
const hasCap = ({ perHour, perDay }: { perHour?: number | undefined; perDay?: number | undefined }) =>
  perHour !== undefined || perDay !== undefined;
const hourWithinDay = ({ perHour, perDay }: { perHour?: number | undefined; perDay?: number | undefined }) =>
  perHour === undefined || perDay === undefined || perHour <= perDay;

const noCap = { message: 'needs perHour or perDay: without one nothing is limited' };
const tooMuch = {
  path: ['perHour'],
  message: 'must be at most "perDay": an hour cannot have more than its day',
};

/** Share of a cap at which operators are warned. */
const AlarmAt = z.number().min(0.01).max(1).default(0.8);

/** Guess of what a call out costs. */
const CallRate = z.strictObject({ prefix: Prefix, perMinute: z.number().min(0).max(10_000) });
export type CallRate = z.infer<typeof CallRate>;

/** Prices by the start of the number; the longest that fits counts. */
export const CallRates = z
  .array(CallRate)
  .min(1)
  .max(5_000)
  .superRefine((rates, { addIssue }) => {
    const seen = new Set<string>();
    for (const [index, { prefix }] of rates.entries()) {
      if (seen.has(prefix))
        addIssue({
          code: 'custom',
          path: [index, 'prefix'],
          message: `"${prefix}" stands here twice: leave one out`,
        });
      seen.add(prefix);
    }
  });

/** Most that calls out over a trunk may cost on one edge, in hours and days of UTC, by `rates`. */
export const SpendCap = z
  .strictObject({
    /** Of the amounts: three letters (ISO 4217), only shown. */
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'must be a currency such as EUR')
      .default('USD'),
    perHour: atMost(1e9),
    perDay: atMost(1e9),
    alarmAt: AlarmAt,
  })
  .refine(hasCap, noCap)
  .refine(hourWithinDay, tooMuch);

/** Most minutes of calls out over a trunk on one edge, of all calls together. */
export const MinuteCap = z
  .strictObject({ perHour: atMost(1e9), perDay: atMost(1e9), alarmAt: AlarmAt })
  .refine(hasCap, noCap)
  .refine(hourWithinDay, tooMuch);

/** Calls out over a trunk: of each number that calls, and to each number that is called. */
export const NumberCap = z
  .strictObject({
    calls: z.int().min(1).max(10_000).optional(),
    callsPerMinute: z.int().min(1).max(10_000).optional(),
    callsPerHour: z.int().min(1).max(100_000).optional(),
  })
  .refine((caps) => Object.values(caps).some((cap) => cap !== undefined), {
    message: 'needs calls, callsPerMinute or callsPerHour: without one nothing is limited',
  })
  .refine(
    ({ callsPerMinute, callsPerHour }) =>
      callsPerMinute === undefined || callsPerHour === undefined || callsPerMinute <= callsPerHour,
    {
      path: ['callsPerMinute'],
      message: 'must be at most "callsPerHour": a minute cannot have more than its hour',
    },
  );
export type NumberCap = z.infer<typeof NumberCap>;
