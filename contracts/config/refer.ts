import * as z from 'zod';

/** What becomes of a REFER: whether this side may have the other one connected to somebody else. */
export const refer = z.enum(['accept', 'refuse']).default('accept');
