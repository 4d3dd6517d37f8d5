import * as z from 'zod';
import { crossCheck } from './config/cross-check.ts';

const Name = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,62}$/,
    'must be a name: lower-case letters, digits and hyphens, at most 63 characters',
  );

const Cidr = z.union([z.cidrv4(), z.cidrv6()], {
  error: 'must be a CIDR block such as 203.0.113.0/24 or 2001:db8::/32',
});

const SipUri = z
  .string()
  .max(512)
  .regex(
    /^sip:[^\s<>"@;]+(@[^\s<>"@;]+)?(;[^\s<>"]+)*$/,
    'must be a SIP URI such as sip:agent@192.0.2.10:5060',
  );

/** Audio codecs that rtpengine can carry; those in `transcode` it can also convert to G.711. */
export const Codec = z.enum(['PCMU', 'PCMA', 'G722', 'opus', 'G729']);
export type Codec = z.infer<typeof Codec>;

/** Which codecs of an offer are kept and which may be converted into a kept one; all others are refused. */
export const CodecPolicy = z.strictObject({
  keep: z.array(Codec).min(1).default(['PCMU', 'PCMA']),
  transcode: z.array(Codec).default([]),
});
export type CodecPolicy = z.infer<typeof CodecPolicy>;

/** A carrier connection. Calls are accepted from `sources` only. */
export const Trunk = z.strictObject({ sources: z.array(Cidr).min(1) });
export type Trunk = z.infer<typeof Trunk>;

/** One place where an agent answers. Lower `priority` is tried first; equal ones are shared by `weight`. */
export const Target = z.strictObject({
  uri: SipUri,
  priority: z.int().min(0).max(65535).default(1),
  weight: z.int().min(0).max(65535).default(1),
});
export type Target = z.infer<typeof Target>;

export const Agent = z.strictObject({ targets: z.array(Target).min(1), policy: Name.default('default') });
export type Agent = z.infer<typeof Agent>;

/** A number routes to an agent, or is refused with a SIP status. */
export const NumberRoute = z.union(
  [z.strictObject({ agent: Name }), z.strictObject({ reject: z.int().min(400).max(699) })],
  { error: 'must be { agent: NAME } or { reject: SIP-STATUS }' },
);
export type NumberRoute = z.infer<typeof NumberRoute>;

export const Policy = z.strictObject({
  codecs: CodecPolicy.prefault({}),
  ringSeconds: z.int().min(1).max(180).default(30),
  maxDurationSeconds: z.int().min(1).max(86_400).default(14_400),
  /** `rtcp`: from reports both sides send. `capture`: from the packets rtpengine received (same host only). */
  quality: z.enum(['rtcp', 'capture']).default('rtcp'),
  qualityEverySeconds: z.int().min(5).max(3600).default(60),
});
export type Policy = z.infer<typeof Policy>;

/** E.164 with the plus sign, or any dialable string; `*` stands for every number not listed. */
const DialedNumber = z
  .string()
  .regex(/^(\*|\+?[0-9A-Za-z*#._-]{1,64})$/, 'must be a number such as "+15550100", or "*" for all others');

const shape = z.strictObject({
  version: z.literal(1),
  trunks: z.record(Name, Trunk),
  numbers: z.record(DialedNumber, NumberRoute),
  agents: z.record(Name, Agent),
  policies: z.record(Name, Policy).default({}),
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
