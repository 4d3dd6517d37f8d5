import type { AgentSessionEvent, AgentSessionRequest } from '../contracts/agent-media/session.ts';
import type { Command } from '../contracts/commands.ts';
import type { Keying } from '../contracts/config/encryption.ts';
import type { SecretRef } from '../contracts/config/secret.ts';
import type { VersionedConfig } from '../contracts/config.ts';
import type { CallReceived, LegMedia, LegName } from '../contracts/events/call.ts';
import type { CommandRefusal } from '../contracts/events/command.ts';
import type { EventOf, TrunklineEvent } from '../contracts/events.ts';
import type { Route } from '../contracts/route-decision.ts';
import type { FleetRow, RegistrationRow } from '../contracts/tables.ts';
import type { Naptr, Service } from '../core/find-servers.ts';

/** Wall clock in ms, monotonic clock in ms, ids and timers: everything that a test may want to hold in its hand. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** ms from an arbitrary start; never goes back. */
  monotonic(): number;
  newId(): string;
  /** Runs `then` once after `ms`; the returned function cancels it. */
  after(ms: number, then: () => void): () => void;
}

/** Takes events for the bus and never loses one. */
export interface Outbox extends AsyncDisposable {
  /** Journaled when this returns: the event survives the death of the process. `urgent` is sent at once. */
  record(event: TrunklineEvent, urgent?: boolean): void;
  /** Resolves once everything recorded so far is on the bus. */
  settled(): Promise<void>;
  /** Events not yet on the bus, the age of the oldest in ms, and whether the disk has no room for new calls. */
  backlog(): {
    readonly depth: number;
    readonly oldestMs: number;
    readonly full: boolean;
    readonly dropped: number;
  };
}

export interface BusEntry {
  readonly source: string;
  readonly detailType: string;
  readonly time: string;
  /** The event as JSON. */
  readonly detail: string;
  /** Of which call it tells: its entries have one trace. */
  readonly callId?: string | undefined;
}

export type EntryOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** EventBridge. At most ten entries a call; throws when the service cannot be reached. */
export interface EventBus {
  put(entries: readonly BusEntry[]): Promise<readonly EntryOutcome[]>;
}

/** The queue of this edge. `handle` resolves when the message is dealt with and may be deleted. */
export interface Inbox {
  /** `trace` is the header X-Amzn-Trace-Id of whoever sent the message. */
  listen(handle: (body: string, trace: string | undefined) => Promise<void>): AsyncDisposable;
}

/** The `config` table. `undefined`: the version is still `known`. Of a table that was never written: {@link nothingPushed}. */
export interface ConfigSource {
  load(known: number | undefined): Promise<VersionedConfig | undefined>;
}

/** Passwords and keys. Rejects with an Error that says which one is missing and never what it is. */
export interface Secrets {
  read(ref: SecretRef): Promise<string>;
}

/** What DNS says of a name, and for how long that holds. No records: the name has none of this kind. */
export interface DnsAnswer<T> {
  readonly records: readonly T[];
  readonly ttlSeconds: number;
}

/** Questions to DNS. Each is settled within a few seconds; rejects where nobody answers. */
export interface Dns extends AsyncDisposable {
  naptr(name: string): Promise<DnsAnswer<Naptr>>;
  srv(name: string): Promise<DnsAnswer<Service>>;
  addresses(type: 'A' | 'AAAA', name: string): Promise<DnsAnswer<string>>;
}

/** This edge's own row in the `fleet` table. */
export interface FleetRegister {
  beat(row: FleetRow): Promise<void>;
}

/** Other edges' rows in it. */
export interface FleetDirectory {
  find(edgeId: string): Promise<FleetRow | undefined>;
}

/** Where users are registered with every edge. A write that a later one has overtaken changes nothing. */
export interface RegistrationsTable {
  put(row: RegistrationRow): Promise<void>;
  remove(row: Pick<RegistrationRow, 'user' | 'place' | 'epoch' | 'revision'>): Promise<void>;
  of(trunk: string, user: string): Promise<readonly RegistrationRow[]>;
}

/** The edge's own copy of the routing configuration. */
export interface RoutingSnapshot extends AsyncDisposable {
  current(): VersionedConfig | undefined;
}

export interface AppliedDecision {
  readonly source: EventOf<'call.routed'>['source'];
  readonly route: Route;
  readonly configVersion: number;
  readonly waitMs: number;
}

/** Finds out where a call goes. Never throws and never takes longer than the deadline in `received.expiresAt`. */
export interface Decisions {
  decide(received: CallReceived, signal: AbortSignal): Promise<AppliedDecision>;
}

export type CommandOutcome =
  | { readonly applied: true }
  | { readonly applied: false; readonly reason: CommandRefusal; readonly message: string };

/** A call that is up on this edge, as commands see it. */
export interface LiveCall {
  readonly id: string;
  /** Fires when the call ends. */
  readonly over: AbortSignal;
  command(command: Command): Promise<CommandOutcome>;
  /** Says an event of this call with the next seq. */
  say: SayOfCall;
}

/** The payload of an event: what is left when the envelope is taken away. */
export type Payload<T extends TrunklineEvent['type']> = Omit<
  EventOf<T>,
  'version' | 'id' | 'type' | 'callId' | 'seq' | 'time' | 'expiresAt' | 'edge' | 'replyTo'
>;

export type SayOfCall = <T extends TrunklineEvent['type']>(
  type: T,
  payload: Payload<T>,
  options?: { readonly urgent?: boolean; readonly expiresAt?: string },
) => EventOf<T>;

export interface LiveCalls {
  find(callId: string): LiveCall | undefined;
  readonly size: number;
}

/** What an INVITE of ours, or one to us, came to, and how long after it was sent. Without `trunk`: a target of an agent. */
export type InviteStep = {
  readonly trunk: string | undefined;
  readonly direction: 'in' | 'out';
  readonly seconds: number;
} & ({ readonly kind: 'rang' } | { readonly kind: 'final'; readonly sipStatus: number });

/** Counters and histograms; `observe` is fed every event the edge says, so a metric and an event cannot disagree. */
export interface Metrics {
  observe(event: TrunklineEvent): void;
  /** A message from the queue: decisions and commands, and what became of them (applied, late, duplicate, foreign, invalid). */
  message(kind: string, outcome: string): void;
  /** A request to rtpengine. */
  mediaRequest(command: string, outcome: 'ok' | 'error' | 'timeout', seconds: number): void;
  /** A SIP request refused before it became a call. */
  refused(reason: string): void;
  /** A request turned away at the door; `outcome` is `discard` or `forbid`. */
  turnedAway(method: string, reason: string, outcome: string): void;
  invite(step: InviteStep): void;
}

/** The two sides of a call, as media sees them. SDPs are the bodies as they came. */
export interface MediaOffer {
  readonly sdp: string;
  readonly from: LegName;
  /** Codecs let through untouched. Undefined: all of them (the offer of a target we called without SDP). */
  readonly codecs?: {
    readonly kept: readonly string[];
    /** Hidden from the other side, but converted from and to `add`. */
    readonly transcoded: readonly string[];
    readonly add: readonly string[];
  };
  /** The side that is offered to gets SRTP, keyed so; plain RTP where absent. */
  readonly keying?: Keying | undefined;
  /** The side that is offered to is a gateway in the network of the rtpengine, and is told its address there. */
  readonly inside?: boolean;
  /** Audio in one packet towards each side, ms; absent: as the sides agree. */
  readonly ptime?: { readonly [leg in LegName]?: number | undefined };
  /** Sides whose digits come as INFO, be it instead of packets: the other side sends and gets packets all the same. */
  readonly byInfo?: { readonly [leg in LegName]?: boolean };
  /** Sides whose digits are tones in their audio; those of the other side are made into tones for them. */
  readonly inBand?: { readonly [leg in LegName]?: boolean };
  /** Start a packet capture for the quality figures. */
  readonly capture?: boolean;
}

/** Thrown by a {@link MediaSession}: the engine is gone, refuses, or cannot read the SDP. */
export class MediaError extends Error {
  readonly kind: 'timeout' | 'refused' | 'bad-sdp';
  constructor(kind: MediaError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MediaError';
    this.kind = kind;
  }
}

/** Recordings that calls may hear. */
export interface Prompts {
  /** Path under which rtpengine, too, finds this file. Rejects with an Error that names what is missing. */
  find(file: string): Promise<string>;
}

/** RTP totals of both legs. */
export type CallMedia = { readonly [leg in LegName]: LegMedia };

/** RTP that has come from each side so far, and when the last of it did, ms since 1970 by rtpengine's clock, at the latest. */
export type HeardRtp = {
  readonly [leg in LegName]: {
    readonly packets: number;
    /** Of payload. */
    readonly bytes: number;
    /** That was seen last. */
    readonly codec: string | null;
    readonly lastAt: number | undefined;
  };
};

export interface MediaDigits {
  /**
   * Makes ready to play. rtpengine looks at each packet of the call from now on, which costs. True: only now, and nothing
   * can be played before some packets have come.
   */
  prepare(): Promise<boolean>;
  /** Puts a digit into the stream of one side, for the other to hear: as RFC 4733 where it takes that, else as a tone. */
  play(digit: string, durationMs: number, from: LegName): Promise<void>;
  /**
   * From now on the digits of one side are reported, but no longer passed on to the other. A secret is not written down
   * either: a packet capture of the call ends, and what there is of it is deleted.
   */
  withhold(from: LegName, why?: 'secret'): Promise<void>;
  release(from: LegName): Promise<void>;
}

export interface MediaPlayback {
  /** Plays a file to these sides, in place of what the other says; 0 times: until it is stopped. Gives its length once, ms. */
  play(file: string, to: readonly LegName[], times: number): Promise<number>;
  /** A ringing tone, until it is stopped, in place of what the other side says. */
  ring(to: readonly LegName[]): Promise<void>;
  /** Ends either, and lets the other side be heard again. */
  stop(to: readonly LegName[]): Promise<void>;
}

/**
 * Somebody who is called in the place of one side of an answered call, while both sides talk on. Nobody hears it before it
 * takes that place; the other side stays as it is.
 */
export interface MediaNewcomer {
  /** The SDP for it. `offer.sdp` says what the side that stays speaks. A repeated offer (next target) starts it afresh. */
  offer(offer: Omit<MediaOffer, 'capture'>): Promise<string>;
  /**
   * It has answered with `sdp`, and is heard from now on by the side that stays, whose SDP is `stays`. Gives what that side
   * would be told.
   */
  takePlace(sdp: string, stays: string): Promise<string>;
  /** Whose place it took is gone. */
  stay(): Promise<void>;
  /** It is gone: all is as it was before it was called. */
  leave(): Promise<void>;
}

/**
 * One call's media at one rtpengine. Every method settles within 1.4 s or throws {@link MediaError}; an offer may take
 * 0.7 s more for each further engine that it tries.
 */
export interface MediaSession {
  /** The SDP to send on to the other side. A repeated offer (next target) starts the B side afresh. */
  offer(offer: MediaOffer): Promise<string>;
  /** The SDP to answer the offering side with. */
  answer(sdp: string, from: LegName): Promise<string>;
  /** The same for a caller whom nobody answers: it can hear recordings, and is heard by no one. `offered`: what `offer` gave. */
  answerAlone(offered: string): Promise<string>;
  /**
   * One side of an answered call offers anew: the SDP for the other one. What goes to the other side stays as it is, but for
   * what the offer changes; {@link MediaSession.answer} follows, with a new answer or the one that holds.
   */
  reoffer(offer: Pick<MediaOffer, 'sdp' | 'from' | 'codecs' | 'ptime'>): Promise<string>;
  /** Digits of an answered call. */
  readonly digits: MediaDigits;
  /** Of an answered call. */
  readonly playback: MediaPlayback;
  /** Of an answered call: what this side says does not reach the other, or does again. */
  hush(leg: LegName, isHushed: boolean): Promise<void>;
  newcomer(leg: LegName): MediaNewcomer;
  totals(): Promise<CallMedia>;
  heard(): Promise<HeardRtp>;
  /** Frees ports; the last totals, or undefined where the engine no longer knows the call. Never throws. */
  end(): Promise<CallMedia | undefined>;
}

/** A key press that rtpengine saw on one leg of a call. */
export interface SeenDigit {
  readonly callId: string;
  readonly leg: LegName;
  readonly digit: string;
  readonly durationMs: number;
}

/** Why a call has no media any more. */
export interface LostMedia {
  readonly reason: 'media-lost' | 'media-engine-lost';
  readonly detail: string;
}

/** Every rtpengine of this edge, as calls see them: which one a call is on, it need not know. */
export interface MediaEngine extends AsyncDisposable {
  session(callId: string): MediaSession;
  /** Whether one is there that takes new calls. */
  healthy(): boolean;
  /** Whether every one that takes calls is behind with its answers: what is let in now would time out. */
  pressed(): boolean;
  onDigit(listener: (digit: SeenDigit) => void): void;
  /** rtpengine dropped a call by itself (both sides silent), or died with the call on it. */
  onLost(listener: (callId: string, why: LostMedia) => void): void;
}

/** Who carries the audio of agents that are reached over a WebSocket. */
export interface AgentMedia {
  /** Never rejects. `cancelled`: nobody waits for it any more. */
  open(request: AgentSessionRequest, cancelled: AbortSignal): Promise<AgentMediaAnswer>;
}

export type AgentMediaAnswer =
  | { readonly ok: false; readonly fault: string; readonly detail: string }
  | {
      readonly ok: true;
      readonly sessionId: string;
      readonly sdp: string;
      reoffer(sdp: string): Promise<{ readonly sdp: string } | 'refused' | 'gone'>;
      end(reason: string): Promise<void>;
      /** Tells the agent that something it asked for was not done. Never rejects. */
      refuse(refusal: { readonly code: string; readonly message: string }): Promise<void>;
      /** Everything that happens in the session, and `over` once nothing more can be heard of it. */
      follow(hear: (event: AgentSessionEvent | 'over') => void): Promise<void>;
    };
