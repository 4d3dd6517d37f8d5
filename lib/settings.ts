import * as z from 'zod';
import { type HandlerName, handlerEnvs } from '../functions/env.ts';
import { FleetSettings, faultsBetween } from './fleet/fleet-settings.ts';
import { pascal } from './outputs.ts';

const Name = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,30}$/,
    'must be a lower-case letter, then letters, digits and hyphens, at most 31 in all',
  );

/** A call that waits for its decision must not wait for a free run: 100 decide some 1,000 calls a second. */
const decisionPath = { 'decide-route': 100 };

/** Periods of CloudWatch Logs up to ten years, days. */
const logRetentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const handlerNames = Object.keys(handlerEnvs) as HandlerName[];

/** What a deployment may choose: in `cdk.json` under `context.trunkline`, or as arguments of `buildApp`. */
const Choices = z.strictObject({
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
  /**
   * Runs of one function at the same time: at most so many, and always so many, whatever else the account runs. Null: as the
   * account has them. AWS lets an account reserve all but 100 of its quota.
   */
  reservedConcurrency: z
    .partialRecord(z.enum(handlerNames), z.int('must be a whole number, or null').min(1).nullable())
    .transform((given) => ({ ...decisionPath, ...given }))
    .prefault({}),
  /** ARN of a key of yours in KMS that encrypts tables, queues, bus and logs; docs/encryption.md says what it must allow. */
  encryptionKeyArn: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[0-9a-f-]{36}$/,
      'must be the ARN of a key in KMS, not of an alias: arn:aws:kms:REGION:ACCOUNT:key/ID',
    )
    .optional(),
  /** Days that the logs of the functions are kept. */
  logRetentionDays: z
    .union(
      logRetentions.map((days) => z.literal(days)),
      { error: `must be one of the periods that CloudWatch Logs knows: ${logRetentions.join(', ')}` },
    )
    .default(30),
  /** Dashboards of CloudWatch: five, $3 a month each. */
  dashboards: z.boolean().default(true),
  alarms: z
    .strictObject({
      /** A topic of yours that they go to; without it the stack makes one. */
      topicArn: z
        .string()
        .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/, 'must be the ARN of a topic of SNS')
        .optional(),
      /** Subscribed to the topic that the stack makes; AWS asks there for a confirmation. */
      email: z.email().optional(),
      /** One for each edge that says nothing: once edges are deployed. */
      edges: z.boolean().default(true),
    })
    .refine(({ topicArn, email }) => topicArn === undefined || email === undefined, {
      path: ['email'],
      message: 'belongs to the topic that the stack makes: subscribe it to yours, or leave topicArn out',
    })
    .prefault({}),
  /** AWS X-Ray for the functions: billed by trace. */
  tracing: z.boolean().default(true),
  /** Machines that carry calls; without it there is the control plane alone. */
  fleet: FleetSettings.optional(),
});

export const Settings = Choices.superRefine((settings, context) => {
  if (!settings.fleet) return;
  for (const [path, message] of faultsBetween(settings.fleet, settings)) {
    context.addIssue({ code: 'custom', path: path.split('.'), message });
  }
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
