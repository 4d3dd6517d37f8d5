import * as z from 'zod';

const hostPort = /^(\[[0-9a-fA-F:]+\]|[^:,[\]\s]+):\d{1,5}$/;
const addressOf = (text: string) => {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
};

/** Where something listens or is found: `host:port`. Port 0 lets the system choose. */
const HostPort = z
  .string()
  .regex(hostPort, 'must be HOST:PORT, such as 127.0.0.1:22222')
  .transform(addressOf)
  .refine(({ port }) => port <= 65_535, 'the port must be 65535 at most');

/** One or several addresses with commas between them, each once. */
const HostPorts = z.string().transform((text, context) => {
  const entries = text.split(',').map((entry) => entry.trim());
  for (const [index, entry] of entries.entries()) {
    const fault = faultOf(entry, entries.indexOf(entry) < index);
    if (fault) context.issues.push({ code: 'custom', message: fault, input: text });
  }
  return entries.map(addressOf);
});

function faultOf(entry: string, isRepeated: boolean): string | undefined {
  if (!hostPort.test(entry)) {
    const example = '127.0.0.1:22222 or 10.0.0.5:22222,10.0.0.6:22222';
    return `must be HOST:PORT, or several with commas between them, such as ${example}; "${entry}" is not`;
  }
  const { port } = addressOf(entry);
  if (port < 1 || port > 65_535) return `"${entry}" has a port that is none: use one of 1 to 65535`;
  return isRepeated ? `"${entry}" stands there twice: name each rtpengine once` : undefined;
}

const wholeNumber = (fallback: number, min: number) => z.coerce.number().int().min(min).default(fallback);

/** The environment of an edge process. Everything has its unit in its name. */
const Variables = z.object({
  TRUNKLINE_EDGE_ID: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be letters, digits and hyphens, at most 64'),
  AWS_REGION: z.string().min(1),
  TRUNKLINE_BUS: z.string().min(1),
  TRUNKLINE_QUEUE_URL: z.url(),
  TRUNKLINE_CONFIG_TABLE: z.string().min(3),
  TRUNKLINE_FLEET_TABLE: z.string().min(3),
  TRUNKLINE_REGISTRATIONS_TABLE: z.string().min(3),
  TRUNKLINE_DATA_DIR: z.string().min(1),
  TRUNKLINE_HTTP: HostPort.prefault('127.0.0.1:0'),
  TRUNKLINE_DECISION_MS: wholeNumber(1_500, 1),
  /** Worst case until a new configuration holds: this, and what one look at the table takes. */
  TRUNKLINE_SNAPSHOT_MS: wholeNumber(5_000, 100),
  TRUNKLINE_HEARTBEAT_MS: wholeNumber(10_000, 100),
  TRUNKLINE_DRAIN_SECONDS: wholeNumber(30, 0),
  TRUNKLINE_MAX_CALLS: wholeNumber(12_000, 1),
  TRUNKLINE_MAX_CPS: wholeNumber(500, 1),
  /** How often metrics are written to stdout in CloudWatch's embedded metric format; 0: never. */
  TRUNKLINE_EMF_MS: wholeNumber(0, 0),
  /** Name of the platform in those metrics. */
  TRUNKLINE_FLEET: z.string().min(1).default('trunkline'),
  TRUNKLINE_OUTBOX_BYTES: wholeNumber(1024 ** 3, 1024 ** 2),
  /** Of all calls, those whose traces AWS X-Ray keeps; 1 keeps every one. */
  TRUNKLINE_TRACED_SHARE: z.coerce.number().min(0).max(1).default(0.05),
  /** DNS servers for the names of targets, with commas between them; without it those of the machine. */
  TRUNKLINE_DNS: HostPorts.optional(),
  DRACHTIO_HOST: z.string().default('127.0.0.1'),
  DRACHTIO_PORT: wholeNumber(9022, 1),
  DRACHTIO_SECRET: z
    .string()
    .min(8, 'must be a secret of at least 8 characters')
    .refine((secret) => !/^cymru/.test(secret), 'must not be a secret that everybody knows'),
  /** Every rtpengine of this edge: HOST:PORT, with commas between them. */
  RTPENGINE_NG: HostPorts,
  /** All of them tell their digits and their lost calls here. */
  RTPENGINE_DTMF_LISTEN: HostPort,
  RTPENGINE_B2B_LISTEN: HostPort,
  /** Of each rtpengine its own, in the order of RTPENGINE_NG; nothing between two commas where one has none here. */
  RTPENGINE_RECORDING_DIR: z
    .string()
    .min(1)
    .transform((text) => text.split(',').map((dir) => dir.trim()))
    .optional(),
  /**
   * Of every rtpengine the names of two interfaces, `OUTSIDE,INSIDE`: what carriers are told the address of, and what gateways
   * are. Without it each has one for all.
   */
  RTPENGINE_INTERFACES: z
    .string()
    .regex(/^[\w-]+,[\w-]+$/, 'must be two names of interfaces: OUTSIDE,INSIDE, such as pub,priv')
    .transform((text) => {
      const [outside = '', inside = ''] = text.split(',');
      return { outside, inside };
    })
    .optional(),
  /** Gateways for agents over WebSockets: http://HOST:PORT, with commas between them. */
  TRUNKLINE_GATEWAYS: z
    .string()
    .transform((text) => text.split(',').map((url) => url.trim().replace(/\/$/, '')))
    .refine(
      (urls) => urls.every((url) => /^https?:\/\/[^\s/]+$/.test(url)),
      'must be http://HOST:PORT, or several with commas between them',
    )
    .optional(),
  /** What the gateways want to be shown: their GATEWAY_TOKEN. */
  TRUNKLINE_GATEWAY_TOKEN: z.string().min(16, 'must be a secret of at least 16 characters').optional(),
  /** Recordings for call.play, under a path that every rtpengine finds, too; without it there are none. */
  TRUNKLINE_PROMPTS_DIR: z.string().min(1).optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

const Environment = Variables.superRefine(({ RTPENGINE_NG, RTPENGINE_RECORDING_DIR: dirs }, context) => {
  if (dirs === undefined) return;
  const fault = (message: string) =>
    context.addIssue({ code: 'custom', path: ['RTPENGINE_RECORDING_DIR'], message });
  const [engines, named] = [RTPENGINE_NG.length, dirs.filter(Boolean)];
  if (dirs.length !== engines) {
    fault(`names ${dirs.length} folder(s) for ${engines} rtpengine(s): name one for each of RTPENGINE_NG`);
  }
  if (new Set(named).size < named.length) fault('names a folder twice: each rtpengine must have its own');
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
    tracedShare: env.TRUNKLINE_TRACED_SHARE,
    queueUrl: env.TRUNKLINE_QUEUE_URL,
    configTable: env.TRUNKLINE_CONFIG_TABLE,
    fleetTable: env.TRUNKLINE_FLEET_TABLE,
    registrationsTable: env.TRUNKLINE_REGISTRATIONS_TABLE,
    dataDir: env.TRUNKLINE_DATA_DIR,
    http: env.TRUNKLINE_HTTP,
    decisionMs: env.TRUNKLINE_DECISION_MS,
    snapshotMs: env.TRUNKLINE_SNAPSHOT_MS,
    heartbeatMs: env.TRUNKLINE_HEARTBEAT_MS,
    drainSeconds: env.TRUNKLINE_DRAIN_SECONDS,
    dns: (env.TRUNKLINE_DNS ?? []).map(
      ({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`,
    ),
    limits: Object.freeze({ maxCalls: env.TRUNKLINE_MAX_CALLS, maxCallsPerSecond: env.TRUNKLINE_MAX_CPS }),
    outboxBytes: env.TRUNKLINE_OUTBOX_BYTES,
    emf: Object.freeze({ everyMs: env.TRUNKLINE_EMF_MS, fleet: env.TRUNKLINE_FLEET }),
    sipServer: Object.freeze({
      host: env.DRACHTIO_HOST,
      port: env.DRACHTIO_PORT,
      secret: env.DRACHTIO_SECRET,
    }),
    media: Object.freeze({
      engines: env.RTPENGINE_NG.map((ng, index) => ({
        ng,
        recordingDir: env.RTPENGINE_RECORDING_DIR?.[index] || undefined,
        interfaces: env.RTPENGINE_INTERFACES,
      })),
      dtmfListen: env.RTPENGINE_DTMF_LISTEN,
      b2bListen: env.RTPENGINE_B2B_LISTEN,
    }),
    gateways: Object.freeze({ urls: env.TRUNKLINE_GATEWAYS ?? [], token: env.TRUNKLINE_GATEWAY_TOKEN }),
    promptsDir: env.TRUNKLINE_PROMPTS_DIR,
    logLevel: env.LOG_LEVEL,
  });
}
