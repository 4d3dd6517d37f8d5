import * as z from 'zod';

const TableName = z.string().min(3).max(255);

/** Days that a call's items stay after its last change. */
const RetentionDays = z.coerce.number().int().min(1).max(3650);

/** Of every function. */
const common = {
  /** Prefix of the platform: the dimension Fleet of the metrics. */
  PLATFORM: z.string().min(1).max(60),
};

export const DecideRouteEnv = z.object({
  ...common,
  CALLS_TABLE: TableName,
  CONFIG_TABLE: TableName,
  /** Decisions are sent to queues whose name begins with this, and to no others. */
  EDGE_QUEUE_PREFIX: z.string().min(1).max(60),
  RETENTION_DAYS: RetentionDays,
});

export const ProjectCallEnv = z.object({
  ...common,
  CALLS_TABLE: TableName,
  RETENTION_DAYS: RetentionDays,
});

export const AcceptCommandEnv = z.object({
  ...common,
  CALLS_TABLE: TableName,
  FLEET_TABLE: TableName,
  EDGE_QUEUE_PREFIX: z.string().min(1).max(60),
  BUS_NAME: z.string().min(1).max(256),
  RETENTION_DAYS: RetentionDays,
});

/** Of functions that send commands to the edge of a call. */
export const CommandingEnv = z.object({
  ...common,
  CALLS_TABLE: TableName,
  CONFIG_TABLE: TableName,
  EDGE_QUEUE_PREFIX: z.string().min(1).max(60),
  RETENTION_DAYS: RetentionDays,
});

export const ReapCallsEnv = z.object({
  ...common,
  CALLS_TABLE: TableName,
  FLEET_TABLE: TableName,
  BUS_NAME: z.string().min(1).max(256),
  /** An edge without a heartbeat for this long is lost, and its calls with it. */
  EDGE_LOST_AFTER_SECONDS: z.coerce.number().int().min(30).max(3600),
});

/** Every function of the platform by its name, which is also its file in handlers/. */
export const handlerEnvs = {
  'decide-route': DecideRouteEnv,
  'project-call': ProjectCallEnv,
  'accept-command': AcceptCommandEnv,
  'collect-dtmf': CommandingEnv,
  'codec-policy': CommandingEnv,
  'reap-calls': ReapCallsEnv,
} as const;
export type HandlerName = keyof typeof handlerEnvs;

/** What the stack must give a function: every variable of its schema, as a string. */
export type EnvOf<T extends z.ZodObject> = { readonly [K in keyof z.infer<T>]: string };

/** Reads the environment of this process; the error names every variable that is missing or wrong. */
export function readEnv<T extends z.ZodObject>(
  schema: T,
  from: NodeJS.ProcessEnv = process.env,
): Readonly<z.infer<T>> {
  const read = schema.safeParse(from);
  if (read.success) return Object.freeze(read.data);
  const faults = read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`This function's environment is wrong; the stack must set ${faults.join('; ')}`);
}
