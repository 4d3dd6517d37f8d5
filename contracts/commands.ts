import * as z from 'zod';
import { Time, Ulid } from './envelope.ts';

const command = <T extends string, P extends z.ZodRawShape>(type: T, payload: P) =>
  z.strictObject({
    version: z.literal(1),
    /** Chosen by the sender. Sending the same id again changes nothing: it is how a retry is safe. */
    id: Ulid,
    type: z.literal(type),
    callId: Ulid,
    /** Not applied after this moment. */
    expiresAt: Time.optional(),
    ...payload,
  });

/** Ends the call, whatever its state, with BYE, CANCEL or a final response. */
export const CallHangup = command('call.hangup', {
  /** Told to both sides in a Reason header (RFC 3326). */
  reason: z
    .string()
    .max(128)
    .regex(/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/, 'must be printable ASCII without quotes or backslashes')
    .optional(),
});

/** Refuses a call that is not yet answered, with this SIP status. */
export const CallReject = command('call.reject', {
  sipStatus: z.int().min(400).max(699).default(603),
});

export const commands = { 'call.hangup': CallHangup, 'call.reject': CallReject } as const;
export type CommandType = keyof typeof commands;

/** What a developer may ask of a live call. EventBridge `DetailType` is the command's type. */
export const Command = z.discriminatedUnion('type', [CallHangup, CallReject]);
export type Command = z.infer<typeof Command>;
