import * as z from 'zod';

/** Where something listens or is found: `host:port`. Port 0 lets the system choose. */
const HostPort = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:[\]\s]+):\d{1,5}$/, 'must be HOST:PORT, such as 127.0.0.1:22222')
  .transform((text) => {
    const colon = text.lastIndexOf(':');
    return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
  })
  .refine(({ port }) => port <= 65_535, 'the port must be 65535 at most');

const wholeNumber = (fallback: number, min: number) => z.coerce.number().int().min(min).default(fallback);

/** The environment of an edge process. Everything has its unit in its name. */
const Environment = z.object({
  TRUNKLINE_EDGE_ID: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be letters, digits and hyphens, at most 64'),
  AWS_REGION: z.string().min(1),
  TRUNKLINE_BUS: z.string().min(1),
  TRUNKLINE_QUEUE_URL: z.url(),
  TRUNKLINE_CONFIG_TABLE: z.string().min(3),
  TRUNKLINE_FLEET_TABLE: z.string().min(3),
  TRUNKLINE_DATA_DIR: z.string().min(1),
  TRUNKLINE_HTTP: HostPort.prefault('127.0.0.1:0'),
  TRUNKLINE_DECISION_MS: wholeNumber(1_500, 1),
  TRUNKLINE_SNAPSHOT_MS: wholeNumber(10_000, 100),
  TRUNKLINE_HEARTBEAT_MS: wholeNumber(10_000, 100),
  TRUNKLINE_DRAIN_SECONDS: wholeNumber(30, 0),
  TRUNKLINE_MAX_CALLS: wholeNumber(12_000, 1),
  TRUNKLINE_MAX_CPS: wholeNumber(500, 1),
  TRUNKLINE_OUTBOX_BYTES: wholeNumber(1024 ** 3, 1024 ** 2),
  DRACHTIO_HOST: z.string().default('127.0.0.1'),
  DRACHTIO_PORT: wholeNumber(9022, 1),
  DRACHTIO_SECRET: z
    .string()
    .min(8, 'must be a secret of at least 8 characters')
    .refine((secret) => !/^cymru/.test(secret), 'must not be a secret that everybody knows'),
  RTPENGINE_NG: HostPort,
  RTPENGINE_DTMF_LISTEN: HostPort,
  RTPENGINE_B2B_LISTEN: HostPort,
  RTPENGINE_RECORDING_DIR: z.string().min(1).optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** The variables of an edge process. */
export type EdgeEnvironment = z.input<typeof Environment>;
export type EdgeSettings = ReturnType<typeof settingsOf>;

/** Reads the environment once. @throws Error that lists every fault with the name of its variable, never a secret. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): EdgeSettings {
  const parsed = Environment.safeParse(env);
  if (parsed.success) return settingsOf(parsed.data);
  const faults = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`the environment of the edge has ${faults.length} fault(s):\n${faults.join('\n')}`);
}

function settingsOf(env: z.output<typeof Environment>) {
  return Object.freeze({
    edgeId: env.TRUNKLINE_EDGE_ID,
    region: env.AWS_REGION,
    busName: env.TRUNKLINE_BUS,
    queueUrl: env.TRUNKLINE_QUEUE_URL,
    configTable: env.TRUNKLINE_CONFIG_TABLE,
    fleetTable: env.TRUNKLINE_FLEET_TABLE,
    dataDir: env.TRUNKLINE_DATA_DIR,
    http: env.TRUNKLINE_HTTP,
    decisionMs: env.TRUNKLINE_DECISION_MS,
    snapshotMs: env.TRUNKLINE_SNAPSHOT_MS,
    heartbeatMs: env.TRUNKLINE_HEARTBEAT_MS,
    drainSeconds: env.TRUNKLINE_DRAIN_SECONDS,
    limits: Object.freeze({ maxCalls: env.TRUNKLINE_MAX_CALLS, maxCallsPerSecond: env.TRUNKLINE_MAX_CPS }),
    outboxBytes: env.TRUNKLINE_OUTBOX_BYTES,
    sipServer: Object.freeze({
      host: env.DRACHTIO_HOST,
      port: env.DRACHTIO_PORT,
      secret: env.DRACHTIO_SECRET,
    }),
    media: Object.freeze({
      ng: env.RTPENGINE_NG,
      dtmfListen: env.RTPENGINE_DTMF_LISTEN,
      b2bListen: env.RTPENGINE_B2B_LISTEN,
      recordingDir: env.RTPENGINE_RECORDING_DIR,
    }),
    logLevel: env.LOG_LEVEL,
  });
}
