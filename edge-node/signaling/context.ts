import type { Logger } from 'pino';
import type { Narrator } from '../narrator.ts';
import type {
  AgentMedia,
  Clock,
  Decisions,
  MediaEngine,
  Metrics,
  Prompts,
  RoutingSnapshot,
  Secrets,
} from '../ports.ts';
import type { Admission } from './admission.ts';
import type { FailureBackOff } from './auth/back-off.ts';
import type { Nonces } from './auth/nonces.ts';
import type { Call } from './call.ts';
import type { QuietLog } from './guard/quiet-log.ts';
import type { Spending } from './guard/spending.ts';
import type { Bindings } from './registrar/bindings.ts';
import type { SipLink } from './sip.ts';
import type { TrunkDesk } from './trunks/trunk-desk.ts';

/** Everything a call needs from the edge it lives on. */
export interface SignalingContext {
  readonly link: SipLink;
  readonly media: MediaEngine;
  readonly agents: AgentMedia;
  readonly prompts: Prompts;
  readonly decisions: Decisions;
  readonly snapshot: Pick<RoutingSnapshot, 'current'>;
  readonly secrets: Secrets;
  readonly narrator: Narrator;
  readonly metrics: Metrics;
  readonly admission: Admission;
  /** Of digests that callers send. */
  readonly nonces: Nonces;
  readonly backOff: FailureBackOff;
  readonly trunks: TrunkDesk;
  /** Users that are registered with this edge. */
  readonly bindings: Pick<Bindings, 'register' | 'live' | 'ownerOf' | 'byPass'>;
  readonly spending: Pick<Spending, 'take' | 'share' | 'caps'>;
  readonly calls: Map<string, Call>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** For what strangers can make happen as often as they like. */
  readonly log: QuietLog;
  /** How long the control plane may take to decide, ms. */
  readonly decisionMs: number;
}
