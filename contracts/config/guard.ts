import * as z from 'zod';

/** A token bucket: so many at once, and then so many in each second. */
const rate = (perSecond: number, burst: number) =>
  z
    .strictObject({
      perSecond: z.number().min(0.1).max(10_000).default(perSecond),
      burst: z.int().min(1).max(100_000).default(burst),
    })
    .refine((it) => it.burst >= it.perSecond, {
      path: ['burst'],
      message: 'must be at least "perSecond": fewer at once could never reach so many in a second',
    })
    .prefault({});

/** Programs that look for SIP servers to break into, by what they call themselves. */
const wellKnownScanners = [
  ...['friendly-scanner', 'sipvicious', 'sipcli', 'sipsak', 'sip-scan', 'sipscan', 'smap', 'iwar', 'sipptk'],
  ...[
    'vaxsipuseragent',
    'vaxasip',
    'pplsip',
    'sundayddr',
    'eyebeam-scan',
    'gulp',
    'siparmyknife',
    'mrscanner',
  ],
];

/** What is done with those who belong to no trunk. */
export const Guard = z.strictObject({
  /** `discard`: they hear no answer of ours. `forbid`: 403. */
  unknownSources: z.enum(['discard', 'forbid']).default('forbid'),
  /** Parts of a User-Agent, in any case, whose requests are discarded, wherever they come from. */
  scanners: z
    .array(
      z.string().regex(/^[\x21-\x7e][\x20-\x7e]{1,62}[\x21-\x7e]$/, 'must be 3 to 64 printable characters'),
    )
    .max(64)
    .default(wellKnownScanners),
  /** Requests of one address that belongs to no trunk (of IPv6, one /64); what is more is discarded. */
  rates: z.strictObject({ invite: rate(10, 20), register: rate(20, 100), options: rate(5, 20) }).prefault({}),
});
export type Guard = z.infer<typeof Guard>;
