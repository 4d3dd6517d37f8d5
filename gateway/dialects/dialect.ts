import type { AgentHappening, AgentSessionRequest } from '../../contracts/agent-media/session.ts';
import { MOST_KEYS, MOST_MARKS } from '../media/playout.ts';
import type { AudioFormat, MediaSession, MediaStats, Taken } from '../ports.ts';

/** What an agent may do to its call. */
interface CallInReach {
  play(audio: Uint8Array): Taken;
  mark(name: string): Taken;
  clear(): void;
  press(digits: string, durationMs: number): ReturnType<MediaSession['sendDigits']>;
  tell(happening: AgentHappening): void;
}

export interface DialectParts {
  readonly request: AgentSessionRequest;
  /** `taken`: the socket has taken it. */
  readonly send: (message: string | Uint8Array, taken?: () => void) => void;
  readonly call: CallInReach;
  /** A socket of this call broke before. */
  readonly reconnected: boolean;
}

/** How a call is told to an agent, and what the agent says is understood, over one socket. */
export interface Speaker {
  begin(): void;
  audio(frame: Uint8Array, timestampMs: number): void;
  digit(key: string, taken: () => void): void;
  mark(name: string, played: boolean): void;
  speech(state: 'started' | 'stopped'): void;
  quality(stats: MediaStats): void;
  /** The last message. */
  end(reason: string): void;
  /** A message of the agent. Never throws; says what is wrong with it. */
  hear(message: Buffer, isBinary: boolean): Refusal | undefined;
  /** Tells the agent what was refused, here or by its edge, where the dialect has words for it. */
  refuse(refusal: { readonly code: string; readonly message: string }): void;
}

/** A message that does nothing: the call goes on. */
export interface Refusal {
  readonly code:
    | 'unreadable'
    | 'odd-length'
    | 'queue-full'
    | 'wrong-stream'
    | 'not-audio'
    | 'no-telephone-event'
    | 'flood';
  /** Says what to do instead. */
  readonly message: string;
}

export interface Dialect {
  readonly format: AudioFormat;
  /** What a socket carries while the caller is heard. */
  readonly bytesPerSecond: number;
  /** Of the next handshake: asked for anew before each. */
  readonly headers: Readonly<Record<string, string>>;
  readonly subprotocol: string | undefined;
  speak(parts: DialectParts): Speaker;
}

export const queueFull: Refusal = {
  code: 'queue-full',
  message: 'more audio waits than is kept, so this was dropped: wait for a mark, or send clear',
};

export const marksFull: Refusal = {
  code: 'queue-full',
  message: `${MOST_MARKS} marks wait, so this one was dropped: wait for one to come back, or send clear`,
};

export const keysFull: Refusal = {
  code: 'queue-full',
  message: `more than ${MOST_KEYS} keys would wait, so none of these was taken: wait until some are sent`,
};

export const noTelephoneEvent: Refusal = {
  code: 'no-telephone-event',
  message: "the caller's side has not offered telephone-event, so no key was sent: it takes none",
};
