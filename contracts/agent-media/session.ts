import * as z from 'zod';
import { WebSocketUrl } from '../config/agent-socket.ts';
import { Ulid } from '../envelope.ts';

const Text = z.string().max(1_024);

/** Of an agent that is reached over a WebSocket. */
const Dialect = z.enum(['twilio', 'pcm']);

/** Where an agent is, and how it is spoken to. What is secret in it goes from the edge to the gateway and nowhere else. */
const AgentSocket = z.strictObject({
  url: WebSocketUrl,
  dialect: Dialect,
  /** Hz, of the dialect `pcm`; `twilio` has 8,000. */
  rate: z.literal([8_000, 16_000, 24_000]).default(16_000),
  /** `clear`: what the agent has said and nobody has heard yet is dropped as soon as the caller speaks. */
  bargeIn: z.enum(['off', 'clear']).default('off'),
  connectMs: z.int().min(100).max(60_000).default(3_000),
  /** How long an agent may be silent after its start before it counts as failed; 0: for as long as it likes. */
  firstAudioMs: z.int().min(0).max(60_000).default(0),
  /** How often a socket that breaks, or that is late, is opened anew. */
  reconnects: z.int().min(0).max(10).default(2),
  /** Sent as `Authorization: Bearer`. */
  bearer: z.string().min(1).max(4_096).optional(),
  /** Signs each handshake, of the dialect `pcm`. */
  hmac: z.string().min(16).max(4_096).optional(),
  /** PEM texts. */
  clientCertificate: z
    .strictObject({ cert: z.string().min(1).max(16_384), key: z.string().min(1).max(16_384) })
    .optional(),
  /** Twilio's account: signs the handshake and is asked for where the agent ends calls. */
  account: z
    .strictObject({
      sid: z.string().regex(/^AC[0-9a-f]{32}$/, 'must be AC and 32 hexadecimal digits'),
      authToken: z.string().min(16).max(256),
    })
    .optional(),
});

/** `POST /sessions`: an edge asks for the audio of one call. */
export const AgentSessionRequest = z.strictObject({
  callId: Ulid,
  /** Offer of plain G.711 (RFC 3264). */
  sdp: z.string().min(1).max(16_384),
  agent: AgentSocket,
  call: z.strictObject({ from: Text, to: Text, trunk: Text.optional() }),
  /** SIP headers that the configuration lets through. */
  headers: z.record(z.string().max(64), Text).default({}),
  /** Of the configuration, for the agent. */
  parameters: z.record(z.string().max(64), Text).default({}),
  /** W3C Trace Context. */
  traceparent: z
    .string()
    .regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)
    .optional(),
});
export type AgentSessionRequest = z.infer<typeof AgentSessionRequest>;

/** Why there is no session, or no longer: each is a way to fail over on. */
export const AgentFault = z.enum([
  'unfit-offer',
  'no-port',
  'private-address',
  'unreachable',
  'connect-timeout',
  'certificate',
  'refused',
  'redirected',
  /** It was there, and is not any more. */
  'disconnected',
  /** It said nothing for as long as it may. */
  'no-first-audio',
  'draining',
]);
export type AgentFault = z.infer<typeof AgentFault>;

const Moment = { n: z.int().positive(), atMs: z.number().nonnegative() };

/** `GET /sessions/ID/events`: what happens, one JSON a line, numbered from 1. */
export const AgentSessionEvent = z.discriminatedUnion('type', [
  /** The agent's socket has taken it. */
  z.object({ ...Moment, type: z.literal('digit-delivered'), digit: z.string().length(1) }),
  /** It was pressed while too many waited for a socket. */
  z.object({ ...Moment, type: z.literal('digit-dropped'), digit: z.string().length(1) }),
  z.object({ ...Moment, type: z.literal('send-digits'), digits: z.string().max(64) }),
  z.object({ ...Moment, type: z.literal('hangup'), reason: Text.optional() }),
  z.object({ ...Moment, type: z.literal('transfer'), to: z.string().max(512) }),
  z.object({ ...Moment, type: z.literal('hold') }),
  z.object({ ...Moment, type: z.literal('resume') }),
  /** `droppedMs`: of what the agent had said and nobody heard yet, where it is to be interrupted. */
  z.object({
    ...Moment,
    type: z.literal('speech-started'),
    droppedMs: z.number().nonnegative().optional(),
  }),
  z.object({ ...Moment, type: z.literal('speech-stopped') }),
  /** Something that the agent said did nothing; the first ones of a session are told. */
  z.object({ ...Moment, type: z.literal('message-refused'), code: z.string(), message: Text }),
  z.object({ ...Moment, type: z.literal('disconnected'), code: z.int(), reason: Text }),
  /** A socket was not opened; if that was the last attempt, `failed` comes next. */
  z.object({
    ...Moment,
    type: z.literal('attempt-failed'),
    attempt: z.int().positive(),
    fault: AgentFault,
    detail: Text,
  }),
  z.object({ ...Moment, type: z.literal('reconnected'), attempt: z.int() }),
  /** The session is over; the edge goes on to another target. */
  z.object({ ...Moment, type: z.literal('failed'), fault: AgentFault, detail: Text }),
  z.object({ ...Moment, type: z.literal('ended') }),
]);
export type AgentSessionEvent = z.infer<typeof AgentSessionEvent>;

type Bare<T> = T extends AgentSessionEvent ? Omit<T, 'n' | 'atMs'> : never;
/** Before it has its number. */
export type AgentHappening = Bare<AgentSessionEvent>;
