import * as z from 'zod';
import { TrunkAuthentication } from './authentication.ts';
import { trunkMedia } from './codecs.ts';
import { mediaEncryption } from './encryption.ts';
import { HeaderRules } from './headers.ts';
import { refer } from './refer.ts';
import { TrunkRegistration } from './registration.ts';
import { TrunkSilence } from './silence.ts';
import { CallRates, MinuteCap, NumberCap, SpendCap } from './spend.ts';
import { trunkUsers } from './users.ts';
import { Cidr, Prefix, Priority, Weight } from './words.ts';

/** A DNS name, an IPv4 address, or an IPv6 address without brackets. */
const Host = z
  .string()
  .max(253)
  .regex(/^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*)$/, {
    message: 'must be a host name or an address, such as sip.carrier.example or 203.0.113.7',
  });

/** One place where a carrier takes calls. A name without a port is looked up by SRV (RFC 3263). */
export const TrunkEndpoint = z.strictObject({
  host: Host,
  port: z.int().min(1).max(65535).optional(),
  transport: z.enum(['udp', 'tcp', 'tls']).default('udp'),
  priority: Priority,
  weight: Weight,
});
export type TrunkEndpoint = z.infer<typeof TrunkEndpoint>;

/** What a trunk may cost at most. Absent: no limit of the trunk's own. */
export const TrunkLimits = z
  .strictObject({
    /** Calls at one time, on this trunk and edge, both directions. */
    calls: z.int().min(1).optional(),
    /** New calls in one second. */
    callsPerSecond: z.int().min(1).optional(),
    maxDurationSeconds: z.int().min(1).max(86_400).optional(),
    /** Numbers that may be called over this trunk: those that begin so. Absent: all that a route sends here. */
    allow: z.array(Prefix).min(1).max(1_000).optional(),
    /** Numbers that may not be called even so: premium and satellite prefixes. */
    deny: z.array(Prefix).max(1_000).default([]),
    perNumber: NumberCap.optional(),
    minutes: MinuteCap.optional(),
    rates: CallRates.optional(),
    spend: SpendCap.optional(),
  })
  .refine(({ spend, rates }) => spend === undefined || rates !== undefined, {
    path: ['spend'],
    message: 'needs rates, such as [{ prefix: "+1", perMinute: 0.01 }]: nothing can be guessed without them',
  })
  .refine(({ spend, rates }) => rates === undefined || spend !== undefined, {
    path: ['rates'],
    message: 'are of no use without spend, such as { perDay: 100 }: no cost is limited',
  });
export type TrunkLimits = z.infer<typeof TrunkLimits>;

/** OPTIONS to each endpoint. Down after `down` of the last `of` failed, up again after `up` good ones in a row. */
export const TrunkProbe = z
  .strictObject({
    everySeconds: z.int().min(1).max(3600).default(8),
    timeoutSeconds: z.int().min(1).max(30).default(4),
    down: z.int().min(1).max(10).default(2),
    of: z.int().min(1).max(10).default(3),
    up: z.int().min(1).max(10).default(2),
  })
  .refine(({ down, of }) => down <= of, {
    path: ['down'],
    message: 'must be at most "of": so many of the last "of" probes may not all fail otherwise',
  });
export type TrunkProbe = z.infer<typeof TrunkProbe>;

/** A carrier connection. Calls are accepted from `sources`, with credentials, or both; calls are sent to `endpoints`. */
export const Trunk = z.strictObject({
  sources: z.array(Cidr).max(1_000).default([]),
  endpoints: z.array(TrunkEndpoint).max(32).default([]),
  authentication: TrunkAuthentication.optional(),
  registration: TrunkRegistration.optional(),
  ...trunkUsers,
  ...mediaEncryption,
  ...trunkMedia,
  limits: TrunkLimits.prefault({}),
  headers: HeaderRules.prefault({}),
  probe: TrunkProbe.prefault({}),
  /** Instead of the policy's, for the side of this trunk. */
  silence: TrunkSilence.optional(),
  refer,
  /** Statuses with which a call is over instead of trying the next endpoint or trunk, besides 486, 600 and 603. */
  finalStatuses: z.array(z.int().min(400).max(699)).max(64).default([]),
});
export type Trunk = z.infer<typeof Trunk>;
