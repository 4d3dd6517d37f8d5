import { availableParallelism } from 'node:os';
import * as z from 'zod';

const whole = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

/** The environment of a gateway. Everything has its unit in its name. */
const Environment = z
  .object({
    /** Where edges ask for sessions. */
    GATEWAY_HTTP: z
      .string()
      .regex(/^[^:\s]+:\d{1,5}$/, 'must be HOST:PORT, such as 127.0.0.1:8090')
      .default('127.0.0.1:0'),
    /** What edges show; without it the gateway listens on loopback alone. */
    GATEWAY_TOKEN: z.string().min(16, 'must be a secret of at least 16 characters').optional(),
    /** PEM files: with them the gateway speaks HTTPS. */
    GATEWAY_TLS_CERT_FILE: z.string().min(1).optional(),
    GATEWAY_TLS_KEY_FILE: z.string().min(1).optional(),
    /** Where agents reach this very gateway: told to those of Twilio's dialect, which end their calls there. */
    GATEWAY_REST_URL: z
      .string()
      .regex(/^https?:\/\/[^\s/?#@]+$/, 'must be such as https://gw-1.example.com:8090, without a path')
      .optional(),
    /** Own address for RTP, which answers name. */
    GATEWAY_RTP_ADDRESS: z.string().min(1).default('127.0.0.1'),
    /** 0 and 0: the system chooses. */
    GATEWAY_RTP_MIN: whole(0, 0, 65_535),
    GATEWAY_RTP_MAX: whole(0, 0, 65_535),
    GATEWAY_THREADS: whole(Math.max(1, availableParallelism()), 1, 256),
    GATEWAY_MAX_SESSIONS: whole(2_000, 1, 100_000),
    /** Audio of an agent that may wait to be played. */
    GATEWAY_QUEUE_SECONDS: whole(120, 1, 3_600),
    /** Agents on loopback and in private networks may be called. */
    GATEWAY_PRIVATE_AGENTS: z.enum(['allow', 'refuse']).default('refuse'),
    /** PEM authorities in place of the well-known ones. */
    GATEWAY_CA: z.string().optional(),
    /** How long calls that are up may go on after SIGTERM. */
    GATEWAY_DRAIN_SECONDS: whole(1_800, 0, 86_400),
    /** How often metrics are written to stdout in CloudWatch's embedded metric format; 0: never. */
    GATEWAY_EMF_MS: whole(0, 0, 3_600_000),
    /** Name of this gateway in those metrics, and that of the platform. */
    GATEWAY_NAME: z.string().min(1).default('gateway-1'),
    TRUNKLINE_FLEET: z.string().min(1).default('trunkline'),
    LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  })
  .superRefine((env, context) => {
    const fault = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (env.GATEWAY_RTP_MAX < env.GATEWAY_RTP_MIN)
      fault('GATEWAY_RTP_MAX', `is ${env.GATEWAY_RTP_MAX}, below GATEWAY_RTP_MIN (${env.GATEWAY_RTP_MIN})`);
    if ((env.GATEWAY_TLS_CERT_FILE === undefined) !== (env.GATEWAY_TLS_KEY_FILE === undefined))
      fault(
        env.GATEWAY_TLS_CERT_FILE === undefined ? 'GATEWAY_TLS_CERT_FILE' : 'GATEWAY_TLS_KEY_FILE',
        'must be set, too: a certificate and its key go together',
      );
    if (env.GATEWAY_TOKEN === undefined && !/^(127\.|localhost:)/.test(env.GATEWAY_HTTP))
      fault('GATEWAY_TOKEN', `must be set where others than this machine reach ${env.GATEWAY_HTTP}`);
  });

export type GatewaySettings = ReturnType<typeof settingsOf>;

/** Reads the environment once. @throws Error that lists every fault with the name of its variable, never a secret. */
export function readSettings(env: Readonly<Record<string, string | number | undefined>>): GatewaySettings {
  const read = Environment.safeParse(env);
  if (read.success) return settingsOf(read.data);
  const faults = read.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
  throw new Error(`the environment of the gateway has ${faults.length} fault(s):\n${faults.join('\n')}`);
}

function settingsOf(env: z.output<typeof Environment>) {
  const colon = env.GATEWAY_HTTP.lastIndexOf(':');
  return Object.freeze({
    http: { host: env.GATEWAY_HTTP.slice(0, colon), port: Number(env.GATEWAY_HTTP.slice(colon + 1)) },
    token: env.GATEWAY_TOKEN,
    tls:
      env.GATEWAY_TLS_CERT_FILE !== undefined && env.GATEWAY_TLS_KEY_FILE !== undefined
        ? { certFile: env.GATEWAY_TLS_CERT_FILE, keyFile: env.GATEWAY_TLS_KEY_FILE }
        : undefined,
    threads: env.GATEWAY_THREADS,
    maxSessions: env.GATEWAY_MAX_SESSIONS,
    drainSeconds: env.GATEWAY_DRAIN_SECONDS,
    emf: Object.freeze({
      everyMs: env.GATEWAY_EMF_MS,
      fleet: env.TRUNKLINE_FLEET,
      gateway: env.GATEWAY_NAME,
    }),
    logLevel: env.LOG_LEVEL,
    media: {
      address: env.GATEWAY_RTP_ADDRESS,
      ports: { min: env.GATEWAY_RTP_MIN, max: env.GATEWAY_RTP_MAX },
      maxQueueMs: env.GATEWAY_QUEUE_SECONDS * 1_000,
      silenceMs: 5_000,
      allowPrivate: env.GATEWAY_PRIVATE_AGENTS === 'allow',
      ca: env.GATEWAY_CA,
      restUrl: env.GATEWAY_REST_URL,
    },
  });
}
