import * as z from 'zod';
import { AgentSocket, WebSocketUrl } from './config/agent-socket.ts';
import { AuthenticationOut } from './config/authentication.ts';
import { CodecPolicy, digitsTaken } from './config/codecs.ts';
import { MediaEncryption } from './config/encryption.ts';
import { CalledNumber } from './config/numbers.ts';
import { Silence } from './config/silence.ts';
import { Name, Priority, SipUri, Weight } from './config/words.ts';
import { Time, Ulid } from './envelope.ts';
import { TerminationReason } from './terminations.ts';

/**
 * One INVITE of the call. `trunk` where a carrier is called: the edge then speaks as that trunk demands. With `user` it is
 * sent to every place where that user of the trunk is registered, one after the other; `uri` is its address of record.
 */
const RouteTarget = z.object({
  id: z.string(),
  uri: z.union([SipUri, WebSocketUrl]),
  priority: Priority,
  weight: Weight,
  trunk: z.string().optional(),
  user: Name.optional(),
  /** That is called instead of the one that the caller has dialled. */
  number: CalledNumber.optional(),
  /** The URI is that of a WebSocket; where secrets are kept, and no secret. */
  socket: AgentSocket.optional(),
  /** For an agent that challenges us; where the password is kept, and no password. A trunk's the edge knows itself. */
  authentication: AuthenticationOut.optional(),
  /** What the agent says of its media and digits; of a trunk's the edge knows itself. */
  media: MediaEncryption.optional(),
  dtmf: digitsTaken.dtmf.unwrap().optional(),
});
export type RouteTarget = z.infer<typeof RouteTarget>;

/** Where the call goes, an agent or out over an outbound route: targets in the order in which they are tried. */
const Connect = z.object({
  action: z.literal('connect'),
  agent: z.string().optional(),
  outbound: z.string().optional(),
  targets: z.array(RouteTarget).min(1),
  codecs: CodecPolicy,
  /** One of the collections of the configuration: what the agent asks the caller for. */
  collect: z.string().optional(),
  /** Heard while the agent is away. */
  waitAudio: z.string().optional(),
  /** Played to the caller when no target is left. */
  lostPrompt: z.string().optional(),
  /** Longest time one target may ring, s. */
  ringSeconds: z.int().positive(),
  /** Longest time from answer to the end, s. */
  maxDurationSeconds: z.int().positive(),
  /** How media quality is measured. */
  quality: z.enum(['rtcp', 'capture']),
  qualityEverySeconds: z.int().positive(),
  silence: Silence.prefault({}),
});

const Refuse = z.object({
  action: z.literal('refuse'),
  reason: TerminationReason,
  /** Overrides the termination table's SIP status. */
  sipStatus: z.int().min(400).max(699).optional(),
});

export const Route = z.discriminatedUnion('action', [Connect, Refuse]);
export type Route = z.infer<typeof Route>;
export type ConnectRoute = z.infer<typeof Connect>;

/** The answer to one call.received, decided once and stored: a repeated event finds this same decision. */
export const RouteDecision = z.object({
  kind: z.literal('decision'),
  version: z.literal(1),
  id: Ulid,
  callId: Ulid,
  /** Id of the call.received that is answered. */
  eventId: Ulid,
  time: Time,
  /** Worth nothing afterwards: the edge has decided by itself. */
  expiresAt: Time,
  configVersion: z.int().nonnegative(),
  route: Route,
});
export type RouteDecision = z.infer<typeof RouteDecision>;
