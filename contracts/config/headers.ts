import * as z from 'zod';

/** Headers that are the protocol's or have a rule of their own: no list may name one, nor a pattern include one. */
const reserved = [
  ...[
    'accept',
    'accept-encoding',
    'accept-language',
    'alert-info',
    'allow',
    'allow-events',
    'authentication-info',
  ],
  ...['authorization', 'call-id', 'call-info', 'contact', 'content-disposition', 'content-encoding'],
  ...[
    'content-language',
    'content-length',
    'content-type',
    'cseq',
    'date',
    'diversion',
    'error-info',
    'event',
  ],
  ...['expires', 'from', 'geolocation', 'history-info', 'identity', 'identity-info', 'in-reply-to', 'join'],
  ...['max-forwards', 'mime-version', 'min-expires', 'min-se', 'organization', 'p-access-network-info'],
  ...[
    'p-asserted-identity',
    'p-charging-vector',
    'p-preferred-identity',
    'path',
    'privacy',
    'proxy-authenticate',
  ],
  ...['proxy-authorization', 'proxy-require', 'rack', 'reason', 'record-route', 'refer-to', 'referred-by'],
  ...['remote-party-id', 'replaces', 'reply-to', 'require', 'retry-after', 'route', 'rseq', 'server'],
  ...[
    'service-route',
    'session-expires',
    'subject',
    'subscription-state',
    'supported',
    'target-dialog',
    'timestamp',
  ],
  ...['to', 'unsupported', 'user-agent', 'via', 'warning', 'www-authenticate'],
];

const isReserved = (pattern: string) => {
  const name = pattern.toLowerCase();
  if (name.startsWith('x-trunkline-')) return true;
  return name.endsWith('*')
    ? reserved.some((one) => one.startsWith(name.slice(0, -1)))
    : reserved.includes(name);
};

/** `X-Account`, or `X-Account-*` for all that begin so. */
const HeaderPattern = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9-]{1,62}[A-Za-z0-9*]$/,
    'must be the name of a header, such as X-Account, or the start of several, such as X-Account-*',
  )
  .refine((pattern) => !isReserved(pattern), {
    error:
      'is not for a list: it names a header of SIP itself, or one that has a rule of its own; leave it out',
  });

const HeaderList = z
  .array(HeaderPattern)
  .max(32)
  .refine((all) => new Set(all.map((one) => one.toLowerCase())).size === all.length, {
    error: 'names a header twice: case makes no difference',
  })
  .default([]);

/** Domain of our own in headers that we write. */
const Host = z
  .string()
  .max(253)
  .regex(
    /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/,
    'must be a host name or an IPv4 address, such as sip.example.com',
  );

const FixedUser = z
  .string()
  .regex(
    /^\+?[0-9A-Za-z._-]{1,64}$/,
    'must be "caller", "anonymous", or a number or name such as "+15550100"',
  );

const passOrRemove = z.enum(['pass', 'remove']).default('remove');

/** What the headers of calls over a trunk say, both ways. */
export const HeaderRules = z
  .strictObject({
    /** From of calls out: the caller's own number, `anonymous`, or the same one for all; and our domain in it. */
    from: z.strictObject({ user: FixedUser.default('caller'), host: Host.optional() }).prefault({}),
    /**
     * Whether the trunk belongs to our trust domain (RFC 3325 §2.3): who it says that its callers are is believed, and it
     * learns the number of callers who want to be hidden.
     */
    trusted: z.boolean().default(false),
    /** Whether calls out say who calls; a caller who wants to be hidden is said to a trusted trunk only. */
    assertedIdentity: z.enum(['send', 'remove']).default('remove'),
    remotePartyId: z.enum(['send', 'remove']).default('remove'),
    /** `pass` on the trunk where the call comes from, and on the one where it goes to. */
    diversion: passOrRemove,
    historyInfo: passOrRemove,
    /** By whom a call was transferred (RFC 3892). */
    referredBy: passOrRemove,
    /** Headers of calls from this trunk that events show and that go on with the call. */
    passIn: HeaderList,
    /** Of those, what goes on over this trunk; agents get all. */
    passOut: HeaderList,
  })
  .superRefine((rules, { addIssue }) => {
    const says = [
      ...(rules.assertedIdentity === 'send' ? ['assertedIdentity'] : []),
      ...(rules.remotePartyId === 'send' ? ['remotePartyId'] : []),
    ];
    if (rules.from.user !== 'anonymous' || rules.trusted) return;
    for (const path of says)
      addIssue({
        code: 'custom',
        path: [path],
        message:
          'shows each caller whom from.user hides: say "remove", or "trusted: true" where the carrier may know',
      });
  });
export type HeaderRules = z.infer<typeof HeaderRules>;
