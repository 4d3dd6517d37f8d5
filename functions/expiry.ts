/** Whether the message is worth nothing any more at `now` (ms since 1970). */
export const isOver = (message: { readonly expiresAt?: string | undefined }, now: number): boolean =>
  message.expiresAt !== undefined && Date.parse(message.expiresAt) <= now;
