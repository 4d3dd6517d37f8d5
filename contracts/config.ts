import * as z from 'zod';
import { SocketTarget } from './config/agent-socket.ts';
import { AuthenticationOut } from './config/authentication.ts';
import { CodecPolicy, digitsTaken } from './config/codecs.ts';
import { Collection, PublicKey } from './config/collections.ts';
import { crossCheck } from './config/cross-check.ts';
import { mediaEncryption } from './config/encryption.ts';
import { Guard } from './config/guard.ts';
import { CalledNumber, DialedNumber, NumberRoute, OutboundRoute } from './config/numbers.ts';
import { refer } from './config/refer.ts';
import { Silence } from './config/silence.ts';
import { Trunk } from './config/trunk.ts';
import { Name, Priority, PromptFile, SipUri, Weight } from './config/words.ts';

export type { AuthenticationIn, AuthenticationOut, DigestAlgorithm } from './config/authentication.ts';
export { Codec, CodecPolicy } from './config/codecs.ts';
export type { CollectionRules, PublicKey } from './config/collections.ts';
export { Guard } from './config/guard.ts';
export type { HeaderRules } from './config/headers.ts';
export type { Hours, NumberRoute, NumberRule, OutboundRoute } from './config/numbers.ts';
export { nameOfSecret, type SecretRef } from './config/secret.ts';
export type { CallRate, NumberCap } from './config/spend.ts';
export type { Trunk, TrunkEndpoint, TrunkLimits, TrunkProbe } from './config/trunk.ts';

/** One place where an agent answers. Lower `priority` is tried first; equal ones are shared by `weight`. */
const UriTarget = z.strictObject({
  uri: SipUri,
  priority: Priority,
  weight: Weight,
  /** How the agent is answered when it challenges us with 401 or 407. */
  authentication: AuthenticationOut.optional(),
});
/** A user of a trunk, wherever it is registered. */
const UserTarget = z.strictObject({ user: Name, trunk: Name, priority: Priority, weight: Weight });
/** A number that is called over the routes: an agent of flesh and blood, or one of another company. */
const NumberTarget = z.strictObject({ number: CalledNumber, priority: Priority, weight: Weight });
export const Target = z.union([UriTarget, UserTarget, SocketTarget, NumberTarget]);
export type Target = z.infer<typeof Target>;

export const Agent = z.strictObject({
  targets: z.array(Target).min(1),
  policy: Name.default('default'),
  ...mediaEncryption,
  ...digitsTaken,
  refer,
  /** One of the `collections`: the caller is asked for it as soon as the agent answers. */
  collect: Name.optional(),
  /** Recordings as for call.play. Heard, over and over, while an agent that was lost is opened anew or replaced; without it a ringing tone. */
  waitAudio: PromptFile.optional(),
  /** Played to the caller before the call ends because no target is left, or none answered at all. */
  lostPrompt: PromptFile.optional(),
});
export type Agent = z.infer<typeof Agent>;

export const Policy = z.strictObject({
  codecs: CodecPolicy.prefault({}),
  ringSeconds: z.int().min(1).max(180).default(30),
  maxDurationSeconds: z.int().min(1).max(86_400).default(14_400),
  /** `rtcp`: from reports both sides send. `capture`: from the packets rtpengine received (same host only). */
  quality: z.enum(['rtcp', 'capture']).default('rtcp'),
  qualityEverySeconds: z.int().min(5).max(3600).default(60),
  silence: Silence.prefault({}),
  /** What `functions/codec-policy` does about media: says nothing, or asks a side for other media by `call.update-media`. */
  media: z
    .strictObject({
      /** A side sends another codec, or packets of another length, than was agreed on. */
      onContractBroken: z.enum(['report', 'update']).default('report'),
      /** The audio is converted: the side that was called is asked for what the caller speaks. */
      onTranscoded: z.enum(['report', 'update']).default('report'),
    })
    .prefault({}),
});
export type Policy = z.infer<typeof Policy>;

const shape = z.strictObject({
  version: z.literal(1),
  trunks: z.record(Name, Trunk),
  numbers: z.record(DialedNumber, NumberRoute),
  routes: z.record(Name, OutboundRoute).default({}),
  agents: z.record(Name, Agent),
  policies: z.record(Name, Policy).default({}),
  collections: z.record(Name, Collection).default({}),
  /** Public keys for what is collected in secret. */
  keys: z.record(Name, PublicKey).default({}),
  guard: Guard.prefault({}),
});

/** The routing configuration: one YAML file, or the `config` table. */
export const RoutingConfig = shape.superRefine(crossCheck, { when: () => true });
export type RoutingConfig = z.infer<typeof RoutingConfig>;

/** As written by a person: defaults not yet filled in. */
export type RoutingConfigInput = z.input<typeof RoutingConfig>;

/** The configuration together with the version counter under which it was stored. */
export interface VersionedConfig {
  readonly version: number;
  readonly config: RoutingConfig;
}
