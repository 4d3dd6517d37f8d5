/** Whether the message is worth nothing any more at `now` (ms since 1970). */
export const isOver = (message: { readonly expiresAt?: string | undefined }, now: number): boolean =>
  message.expiresAt !== undefined && Date.parse(message.expiresAt) <= now;

/** Why a command is not taken on any more. */
export const lateness = (
  command: { readonly expiresAt?: string | undefined },
  now: number,
): { readonly reason: 'expired'; readonly message: string } | undefined =>
  isOver(command, now)
    ? {
        reason: 'expired',
        message: `expiresAt: ${command.expiresAt} has passed; send a new command with a later one`,
      }
    : undefined;
