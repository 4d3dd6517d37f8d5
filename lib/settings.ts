import * as z from 'zod';
import { type HandlerName, handlerEnvs } from '../functions/env.ts';
import { pascal } from './outputs.ts';

const Name = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,30}$/,
    'must be a lower-case letter, then letters, digits and hyphens, at most 31 in all',
  );

const handlerNames = Object.keys(handlerEnvs) as HandlerName[];

/** What a deployment may choose: in `cdk.json` under `context.trunkline`, or as arguments of `buildApp`. */
export const Settings = z.strictObject({
  /** Name of the bus, and what the names of the edges' queues begin with. */
  prefix: Name.default('trunkline'),
  /** Ids of the edges; each gets a queue and a policy. */
  edges: z
    .array(Name)
    .min(1)
    .refine((ids) => new Set(ids.map(pascal)).size === ids.length, 'must differ in more than hyphens')
    .default(['edge-1']),
  /** Edges may read those secrets of Secrets Manager whose names begin so, and no others. */
  secretPrefix: z
    .string()
    .regex(/^[A-Za-z0-9/_+=.@-]{1,256}$/, 'must be how the names of secrets begin, such as trunkline/')
    .default('trunkline/'),
  /** Days that the record of a call is kept. */
  retentionDays: z.int().min(1).max(3650).default(30),
  /** Days for which events can be replayed. */
  archiveDays: z.int().min(1).max(3650).default(7),
  /** An edge without a heartbeat for this long is lost: see {@link edgeLostBoundSeconds}. Edges beat every ten seconds. */
  edgeLostAfterSeconds: z.int().min(30).max(3600).default(60),
  /** What becomes of tables and bus when the stack is deleted. */
  removal: z.enum(['retain', 'destroy']).default('retain'),
  /** Runs of one function at the same time, at most. */
  reservedConcurrency: z.partialRecord(z.enum(handlerNames), z.int().min(1)).default({}),
});
export type Settings = z.infer<typeof Settings>;
export type SettingsInput = z.input<typeof Settings>;

/** The reaper's schedule, s. EventBridge knows none that is shorter. */
export const REAP_EVERY_SECONDS = 60;
/** For the schedule to be late, the scan, the event and the fold, s. */
const REAPING_SECONDS = 10;

/**
 * By when the calls of an edge that dies are ended in the record, s from its death, while AWS is well: the last heartbeat
 * grows old, and the next run of the reaper sees it. An edge that is started anew has the calls of its former life ended
 * at once.
 */
export const edgeLostBoundSeconds = ({
  edgeLostAfterSeconds,
}: Pick<Settings, 'edgeLostAfterSeconds'>): number =>
  edgeLostAfterSeconds + REAP_EVERY_SECONDS + REAPING_SECONDS;

/** Later ones win; the error names every wrong setting. */
export function readSettings(...inputs: readonly object[]): Settings {
  const read = Settings.safeParse(Object.assign({}, ...inputs));
  if (read.success) return read.data;
  const faults = read.error.issues.map(({ path, message }) => `${path.join('.') || 'trunkline'}: ${message}`);
  throw new Error(`The settings of the stack are wrong: ${faults.join('; ')}`);
}
