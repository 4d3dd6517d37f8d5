import * as z from 'zod';
import { Codec } from './config/codecs.ts';
import { checkRules, collectionRules } from './config/collections.ts';
import { Name, PromptFile, SipUri } from './config/words.ts';
import { Time, Ulid } from './envelope.ts';
import { LegName } from './events/call.ts';

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

/** A number as it is dialled; it goes out over the trunks that the configuration's outbound routes name. */
const DialledNumber = z.string().regex(/^\+?[0-9*#]{1,32}$/, 'must be a number such as "+15550100"');

/** Whom to call: exactly one of a number, an agent, a registered user of a trunk, or a target of an agent by its URI. */
export const Destination = z.union(
  [
    z.strictObject({ number: DialledNumber }),
    z.strictObject({ agent: Name }),
    z.strictObject({ user: z.string().min(1).max(64), trunk: Name }),
    z.strictObject({ uri: SipUri }),
  ],
  { error: 'must be { number }, { agent }, { user, trunk } or { uri }' },
);
export type Destination = z.infer<typeof Destination>;

const RingSeconds = z.int().min(1).max(300);

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

/**
 * Connects one side of an answered call to somebody else; the other side leaves once that one has answered, and stays
 * where nobody does. `bridged`: we call. `refer`: the side that stays is asked to call by itself (RFC 3515).
 */
export const CallTransfer = command('call.transfer', {
  to: Destination,
  kind: z.enum(['bridged', 'refer']).default('bridged'),
  /** The side that is connected to `to`. */
  leg: LegName.default('a'),
  ringSeconds: RingSeconds.default(30),
});

/** Puts one side on hold (RFC 3264 §8.4), until `call.resume`. */
export const CallHold = command('call.hold', { leg: LegName.default('a') });
export const CallResume = command('call.resume', { leg: LegName.default('a') });

/** Sends digits to one side, in the way in which it takes them. A comma is a pause of one second. */
export const CallSendDtmf = command('call.send-dtmf', {
  leg: LegName,
  digits: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[0-9*#A-D,]+$/, 'must be of 0-9 * # A-D and commas'),
  durationMs: z.int().min(40).max(5_000).default(100),
  gapMs: z.int().min(40).max(5_000).default(100),
});

/**
 * Asks one side of an answered call for digits. What comes of it is `dtmf.collected` with `collectionId`. One at a time for
 * each side.
 */
export const CallCollect = command('call.collect', {
  /** Chosen by the sender. */
  collectionId: Ulid,
  leg: LegName.default('a'),
  /** Of a collection of the configuration, told again in the result. */
  name: Name.optional(),
  ...collectionRules,
}).superRefine(checkRules);

/** Plays a recording of the edge's prompts to one side or both, in place of what the other says. */
export const CallPlay = command('call.play', {
  to: z.enum(['a', 'b', 'both']).default('a'),
  /** Name of a file in the folder of prompts. */
  file: PromptFile,
  /** How often; 0: until `call.stop`. */
  times: z.int().min(0).max(100).default(1),
});
export const CallStop = command('call.stop', {});

/** Asks one side for other codecs, the best first, or another packet length, by a re-INVITE. */
export const CallUpdateMedia = command('call.update-media', {
  leg: LegName,
  codecs: z.array(Codec).min(1).optional(),
  /** Audio in one packet, ms. */
  ptime: z.int().min(10).max(60).multipleOf(10).optional(),
});

/**
 * A new call under the id that the sender has chosen: `to` is called first, and once it has answered `connect`. What
 * the platform says of it begins with `call.originated`.
 */
export const CallOriginate = command('call.originate', {
  to: Destination,
  connect: Destination,
  /** Shown to `to`, where it is allowed. */
  from: DialledNumber.optional(),
  ringSeconds: RingSeconds.default(30),
});

/** What a developer may ask of a call. EventBridge `DetailType` is the command's type. */
export const commands = {
  'call.hangup': CallHangup,
  'call.reject': CallReject,
  'call.transfer': CallTransfer,
  'call.hold': CallHold,
  'call.resume': CallResume,
  'call.send-dtmf': CallSendDtmf,
  'call.collect': CallCollect,
  'call.play': CallPlay,
  'call.stop': CallStop,
  'call.update-media': CallUpdateMedia,
  'call.originate': CallOriginate,
} as const;
export type CommandType = keyof typeof commands;
export type CommandOf<T extends CommandType> = z.infer<(typeof commands)[T]>;

export const Command = z.discriminatedUnion('type', [
  CallHangup,
  CallReject,
  CallTransfer,
  CallHold,
  CallResume,
  CallSendDtmf,
  CallCollect,
  CallPlay,
  CallStop,
  CallUpdateMedia,
  CallOriginate,
]);
export type Command = z.infer<typeof Command>;
