import * as z from 'zod';
import { Name } from './words.ts';

/** Most of a pattern that a few digits can make slow: with so few repetitions every answer takes microseconds. */
const MOST_REPETITIONS = 3;
const repetitions = (pattern: string) => pattern.match(/[*+?]|\{\d+,\d*\}/g)?.length ?? 0;

/** A regular expression that the whole of the digits must match. Such that no digits can make it slow. */
const Pattern = z
  .string()
  .max(128)
  .regex(/^([0-9#*+?|()[\]{},-]|\\[d*])+$/, 'must be of digits, \\d, \\*, #, [], (), |, {n}, *, + and ?')
  .refine((pattern) => !/\)[*+?{]/.test(pattern), 'must not repeat a group: write it out')
  .refine(
    (pattern) => repetitions(pattern) <= MOST_REPETITIONS,
    `must have at most ${MOST_REPETITIONS} of *, +, ? and {n,m}`,
  )
  .refine((pattern) => compiles(pattern), 'must be a regular expression, such as 4\\d{15}');

function compiles(pattern: string): boolean {
  try {
    new RegExp(`^(?:${pattern})$`);
    return true;
  } catch {
    return false;
  }
}

/** What is asked of somebody who presses keys. An attempt ends with as many digits as there may be, with the terminator, or in time. */
export const collectionRules = {
  minLength: z.int().min(1).max(32).default(1),
  maxLength: z.int().min(1).max(32).default(32),
  /** Key that ends an attempt; it is no part of the digits. */
  terminator: z
    .string()
    .regex(/^[0-9*#A-D]$/, 'must be one key: 0-9, *, # or A-D')
    .optional(),
  /** Longest wait for the next digit after the first one. Without a terminator it ends the digits, else the attempt. */
  interDigitMs: z.int().min(250).max(60_000).default(4_000),
  /** Longest time for one attempt, from its start. */
  totalMs: z.int().min(1_000).max(300_000).default(30_000),
  pattern: Pattern.optional(),
  attempts: z.int().min(1).max(10).default(1),
  /** The digits reach neither the other side nor the bus: they leave the edge only encrypted for `key`. */
  secret: z.boolean().default(false),
  /** One of the configuration's `keys`. */
  key: Name.optional(),
};

type Rules = z.output<z.ZodObject<typeof collectionRules>>;
export type CollectionRules = Rules;

/** What the fields say of each other, with the field that is at fault. */
function faultsOfRules({ minLength, maxLength, secret, key }: Rules): { path: string; message: string }[] {
  const faults = [];
  if (minLength > maxLength)
    faults.push({ path: 'minLength', message: `must be at most maxLength, which is ${maxLength}` });
  if (secret && key === undefined)
    faults.push({
      path: 'key',
      message: 'must name a key of the configuration: a secret leaves the edge for it only',
    });
  if (!secret && key !== undefined)
    faults.push({ path: 'key', message: 'is of no use without secret: true' });
  return faults;
}

/** @throws never; adds each fault at its field. */
export const checkRules = (rules: Rules, context: z.RefinementCtx): void => {
  for (const { path, message } of faultsOfRules(rules))
    context.addIssue({ code: 'custom', path: [path], message });
};

/** A collection that agents ask for: it starts when they answer. */
export const Collection = z
  .strictObject({
    ...collectionRules,
    /** What follows where nothing was collected. */
    otherwise: z.enum(['go-on', 'hangup']).default('go-on'),
  })
  .superRefine(checkRules);
export type Collection = z.infer<typeof Collection>;

const base64url = (least: number) =>
  z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${least},1400}$`), 'must be base64url, as in a JSON Web Key');
const named = { kid: z.string().max(128).optional(), use: z.literal('enc').optional() };

/** A public JSON Web Key (RFC 7517): RSA of 2048 bits or more, or an elliptic curve. A private one is refused. */
export const PublicKey = z.discriminatedUnion('kty', [
  z.strictObject({
    ...named,
    kty: z.literal('RSA'),
    alg: z.literal('RSA-OAEP-256').default('RSA-OAEP-256'),
    n: base64url(340),
    e: base64url(2),
  }),
  z.strictObject({
    ...named,
    kty: z.literal('EC'),
    alg: z.literal('ECDH-ES').default('ECDH-ES'),
    crv: z.enum(['P-256', 'P-384', 'P-521']),
    x: base64url(43),
    y: base64url(43),
  }),
]);
export type PublicKey = z.infer<typeof PublicKey>;
