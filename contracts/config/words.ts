import * as z from 'zod';

export const Name = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,62}$/,
    'must be a name: lower-case letters, digits and hyphens, at most 63 characters',
  );

export const Cidr = z.union([z.cidrv4(), z.cidrv6()], {
  error: 'must be a CIDR block such as 203.0.113.0/24 or 2001:db8::/32',
});

export const SipUri = z
  .string()
  .max(512)
  .regex(
    /^sip:[^\s<>"@;]+(@[^\s<>"@;]+)?(;[^\s<>"]+)*$/,
    'must be a SIP URI such as sip:agent@192.0.2.10:5060',
  );

/** Lower is tried first. */
export const Priority = z.int().min(0).max(65535).default(1);
/** Share among those of equal priority; 0 comes after all others (RFC 2782). */
export const Weight = z.int().min(0).max(65535).default(1);

/** Start of a number as it is dialled: `+1`, `+4930`, `00`. */
export const Prefix = z
  .string()
  .regex(/^(\+|\+?[0-9*#]{1,20})$/, 'must be the start of a number, such as "+1" or "+4930"');

/** A recording in the folder of prompts. */
export const PromptFile = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'must be the name of a file, without a folder');
