import * as z from 'zod';
import { SecretRef } from './secret.ts';
import { Priority, Weight } from './words.ts';

/** Where an agent listens with a WebSocket. */
export const WebSocketUrl = z
  .string()
  .max(2_048)
  .regex(
    /^wss?:\/\/[^\s/@]+(\/\S*)?$/,
    'must be a WebSocket URL without a user, such as wss://agent.example.com/call',
  );

const HeaderName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the name of a header, such as X-Account');

/** How an agent behind a WebSocket is spoken to; docs/agents.md has the dialects. */
export const AgentSocket = z.strictObject({
  dialect: z.enum(['pcm', 'twilio']).default('pcm'),
  /** Hz, of the dialect `pcm`; `twilio` has 8,000. */
  rate: z.literal([8_000, 16_000, 24_000]).default(16_000),
  /** `clear`: what the agent has said and nobody has heard yet is dropped as soon as the caller speaks. */
  bargeIn: z.enum(['off', 'clear']).default('off'),
  connectSeconds: z.number().min(0.1).max(60).default(3),
  /** An agent that says nothing for so long after its start has failed; 0: it may be silent. */
  firstAudioSeconds: z.number().min(0).max(60).default(0),
  /** How often a socket that breaks is opened anew before another target is called. */
  reconnects: z.int().min(0).max(10).default(2),
  /** Whether the bus is told when the caller begins and stops to speak (`media.speech`): two events a turn. */
  speechEvents: z.boolean().default(false),
  /** Told to the agent as they stand here. */
  parameters: z.record(z.string().max(64), z.string().max(1_024)).default({}),
  /** Headers of the caller's INVITE that the agent is told. */
  headers: z.array(HeaderName).max(32).default([]),
  /** Shown to the agent as `Authorization: Bearer`. */
  bearer: SecretRef.optional(),
  /** Of the dialect `pcm`: signs each handshake (`X-Trunkline-Signature`). */
  hmac: SecretRef.optional(),
  /** Shown to an agent that asks for it in the TLS handshake: PEM texts. */
  clientCertificate: z.strictObject({ cert: SecretRef, key: SecretRef }).optional(),
  /** Of the dialect `twilio`: signs the handshake, and is asked for where the agent ends its call over REST. */
  account: z
    .strictObject({
      sid: z.string().regex(/^AC[0-9a-f]{32}$/, 'must be AC and 32 hexadecimal digits'),
      authToken: SecretRef,
    })
    .optional(),
});
export type AgentSocket = z.infer<typeof AgentSocket>;

/** Fields that say where a secret is kept, or are shown by its help. */
const secrets = ['bearer', 'hmac', 'clientCertificate', 'account'] as const;

/** Of which dialect only. */
const dialectOf = { hmac: 'pcm', account: 'twilio' } as const;

/** An agent that is reached over a WebSocket instead of SIP. */
export const SocketTarget = AgentSocket.extend({
  websocket: WebSocketUrl,
  priority: Priority,
  weight: Weight,
}).superRefine((target, { addIssue }) => {
  const fault = (field: string, message: string) => addIssue({ code: 'custom', path: [field], message });
  if (isReadable(target.websocket))
    for (const field of secrets)
      if (target[field] !== undefined)
        fault(field, 'would be told over ws://, where everybody on the way reads it: make it wss://');
  for (const field of ['hmac', 'account'] as const)
    if (target[field] !== undefined && target.dialect !== dialectOf[field])
      fault(
        field,
        `is of the dialect ${dialectOf[field]}, and this agent speaks ${target.dialect}: leave it out`,
      );
});

/** Whether it can be read between this machine and the agent. */
const isReadable = (url: string) =>
  url.startsWith('ws://') && !/^ws:\/\/(localhost|127(\.\d+){3}|\[::1\])(:\d+)?(\/|$)/.test(url);
