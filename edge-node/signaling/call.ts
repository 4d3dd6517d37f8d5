import type { Command } from '../../contracts/commands.ts';
import type { CallReceived, LegName, Offer } from '../../contracts/events/call.ts';
import type { ConnectRoute } from '../../contracts/route-decision.ts';
import type { TerminationReason } from '../../contracts/terminations.ts';
import { advance, type CallPhase } from '../../core/call-phase.ts';
import type { CommandOutcome, LiveCall, MediaSession, SayOfCall } from '../ports.ts';
import type { WaitAudio } from './agents/wait-audio.ts';
import { applyCommand } from './call-commands.ts';
import { endCall } from './call-end.ts';
import type { SignalingContext } from './context.ts';
import { CallDigits } from './digits/call-digits.ts';
import { Leases } from './leases.ts';
import { Exchanges } from './mid-call/exchanges.ts';
import type { Side } from './mid-call/side.ts';
import type { Occupant } from './occupant.ts';
import type { Binding } from './registrar/bindings.ts';
import type { Dialog, IncomingInvite, OutgoingCall, ResponseHeaders } from './sip.ts';
import type { Referred } from './transfer/referred.ts';
import type { Transferring } from './transfer/transferring.ts';

/** Why a call is to end. `by` has hung up already and gets no BYE. */
export interface Verdict {
  readonly reason: TerminationReason;
  /** Instead of the termination table's status. */
  readonly sipStatus?: number | undefined;
  readonly by?: LegName;
  readonly detail?: string | undefined;
  /** More headers of the response to the caller. */
  readonly headers?: ResponseHeaders;
}

/** A call that no INVITE brought. */
export interface OwnCall {
  readonly id: string;
  /** Of the call of which this is a part: it has no record of its own, and ends with that one. */
  readonly voice?: SayOfCall;
  /** That call is answered: how this part rings is no phase of it. */
  readonly quiet?: boolean;
}

/**
 * One call on this edge: both legs, its media and its timers. The steps in `steps/` move it on; whatever happens to it
 * from outside (CANCEL, BYE, a command, a timer) goes through {@link Call.end}, the only way out.
 */
export class Call implements LiveCall {
  readonly id: string;
  readonly context: SignalingContext;
  readonly invite: IncomingInvite;
  readonly receivedAt: number;
  readonly digits: CallDigits;
  /** Name of the trunk, once the caller is known. */
  trunk = '';
  /** Whom the caller proved to be by digest. */
  proven?: { readonly trunk: string; readonly user?: string | undefined };
  /** Name of the user of the trunk, where one of its users calls. */
  user?: string;
  /** Another edge has sent the call here, to this one contact. */
  handover?: { readonly binding: Binding; readonly continues?: string };
  /** Set when the call became a call with an id, events and a record. */
  opened = false;
  /** The event that announced the call; what is decided is the answer to it. */
  received?: CallReceived;
  /** What leg a can hear and say, once that is known. */
  offer?: Offer | undefined;
  route?: ConnectRoute;
  media?: MediaSession;
  /** The caller hears what a target plays, and has stopped to ring by itself. */
  hearsTarget = false;
  /** The INVITE to the target that is being tried. */
  attempt?: OutgoingCall;
  /** The target's 200, until both legs are joined. */
  answer?: {
    readonly target: string;
    /** Over which the target was called. */
    readonly trunk: string | undefined;
    readonly sdp: string;
    /** What it was offered; undefined where it was asked for an offer. */
    readonly offered: string | undefined;
    /** Longest call that the trunk of this target allows, s. */
    readonly mostSeconds?: number;
    readonly accept: (sdp?: string) => Promise<Dialog>;
  };
  a?: Dialog;
  b?: Dialog;
  /** Whether each leg takes RFC 4733 digits. */
  takesDigits: Record<LegName, boolean> = { a: false, b: false };
  /** Legs from which no RTP need come, because they are on hold. */
  readonly held: Record<LegName, boolean> = { a: false, b: false };
  /** Legs that have put us on hold. */
  readonly onHold: Record<LegName, boolean> = { a: false, b: false };
  /** Legs that a command has put on hold. */
  readonly heldByCommand: Record<LegName, boolean> = { a: false, b: false };
  readonly exchanges = new Exchanges();
  readonly leases = new Leases();
  /** Who has come into a place by a transfer. */
  readonly newcomers: { [leg in LegName]?: Occupant } = {};
  /** What the other side of an agent hears while that one is away. */
  readonly waits: { [leg in LegName]?: WaitAudio } = {};
  /** The transfer that is on its way. */
  transfer?: Transferring;
  /** What a REFER adds to our INVITEs. */
  referred?: Referred;
  /** What each side has agreed on, once both stand. */
  sides?: Readonly<Record<LegName, Side>>;
  /** Who hung up. */
  endedBy?: LegName;
  decisionMs = 0;
  answeredAt?: number;
  readonly #say: SayOfCall;
  readonly #own: OwnCall | undefined;
  readonly #over = new AbortController();
  readonly #timers = new Set<() => void>();
  #phase: CallPhase = 'received';
  #ended?: Promise<void>;

  constructor(context: SignalingContext, invite: IncomingInvite, own?: OwnCall) {
    this.context = context;
    this.invite = invite;
    this.#own = own;
    this.id = own?.id ?? context.clock.newId();
    this.receivedAt = context.clock.monotonic();
    this.#say = own?.voice ?? context.narrator.forCall(this.id);
    this.digits = new CallDigits(this);
  }

  /** Fires when the call ends: nothing new may be begun for it. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** @throws Error on an event that cannot come in this phase of a call: that is a bug. */
  readonly say: SayOfCall = (type, payload, options) => {
    if (!this.#own?.voice) this.#phase = advance(this.#phase, type);
    return this.#say(type, payload, options);
  };

  /** Resolves when the call has ended and said so; undefined while it has no end. */
  get ended(): Promise<void> | undefined {
    return this.#ended;
  }

  /** We call both sides: nobody has called us. */
  get isOurs(): boolean {
    return this.#own !== undefined;
  }

  /** A part of this call, in which somebody is called while both sides talk. */
  part(invite: IncomingInvite): Call {
    return new Call(this.context, invite, { id: this.id, voice: this.say, quiet: true });
  }

  get isQuiet(): boolean {
    return this.#own?.quiet === true;
  }

  /** Until the side leaves or the call ends. */
  holdFor(leg: LegName, release: () => void): void {
    if (this.isOver) release();
    else this.leases.add(leg, release);
  }

  /** ms since the INVITE came in. */
  age(): number {
    return this.context.clock.monotonic() - this.receivedAt;
  }

  /** Runs `then` after `ms` unless the call ends before; gives a function that calls it off. */
  after(ms: number, then: () => void): () => void {
    const stop = this.context.clock.after(ms, () => {
      this.#timers.delete(stop);
      then();
    });
    this.#timers.add(stop);
    return () => {
      stop();
      this.#timers.delete(stop);
    };
  }

  command(command: Command): Promise<CommandOutcome> {
    return applyCommand(this, command);
  }

  /** Ends the call once; whoever comes second waits for the first. */
  end(verdict: Verdict): Promise<void> {
    if (!this.#ended) {
      if (verdict.by) this.endedBy = verdict.by;
      this.#over.abort();
      for (const stop of this.#timers) stop();
      this.#timers.clear();
      this.leases.release('a');
      this.leases.release('b');
      this.#ended = this.#own?.voice ? leaveOff(this) : endCall(this, verdict);
    }
    return this.#ended;
  }
}

/** A part of a call is freed by that call. */
async function leaveOff({ attempt }: Call): Promise<void> {
  attempt?.cancel();
}
