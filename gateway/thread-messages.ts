import type { AgentFault, AgentHappening, AgentSessionRequest } from '../contracts/agent-media/session.ts';

/** What a thread is started with. */
export interface ThreadSettings {
  readonly address: string;
  readonly ports: { readonly min: number; readonly max: number };
  readonly maxQueueMs: number;
  readonly silenceMs: number;
  readonly allowPrivate: boolean;
  readonly ca: string | undefined;
  /** Where agents of Twilio's dialect end their calls. */
  readonly restUrl?: string | undefined;
  readonly logLevel: string;
}

/** What an edge did not do for an agent, and why. */
export interface AgentRefusal {
  readonly code: string;
  readonly message: string;
}

/** To a thread; each is answered by an {@link Answer} with its number, once. */
export type Order = { readonly number: number; readonly sessionId: string } & (
  | { readonly kind: 'open'; readonly request: AgentSessionRequest }
  | { readonly kind: 'reoffer'; readonly sdp: string }
  | { readonly kind: 'stats' }
  | { readonly kind: 'refuse'; readonly refusal: AgentRefusal }
  | { readonly kind: 'end'; readonly reason: string }
);

export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: AgentFault; readonly message: string };

/** From a thread. */
export type FromThread =
  | { readonly kind: 'answer'; readonly number: number; readonly outcome: Outcome }
  | { readonly kind: 'happening'; readonly sessionId: string; readonly happening: AgentHappening }
  | { readonly kind: 'ready' };
