import { type Clock, type LostMedia, MediaError, type Metrics } from '../ports.ts';
import { type CaptureReader, createCaptureReader } from './capture.ts';
import {
  createEngineHealth,
  type EngineHealth,
  type EngineState,
  PING_AGAIN_MS,
  PING_EVERY_MS,
} from './engine-health.ts';
import { createLeftovers, type Leftovers } from './leftovers.ts';
import type { Interfaces } from './offer-words.ts';
import { createNgClient, type NgAddress, type NgClient, type NgRequest, saysFull } from './rtpengine.ts';

export interface EngineSettings {
  readonly ng: NgAddress;
  /** Its recording directory, where it is on this host: lets quality be measured from captures. */
  readonly recordingDir?: string | undefined;
  /** Names of its interfaces, where it has one for each side of the world. */
  readonly interfaces?: Interfaces | undefined;
}

export interface EngineParts {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly onChange: (engine: Engine, before: EngineState) => void;
  readonly onLost: (callId: string, why: LostMedia) => void;
}

/** One rtpengine, what is thought of it, and the calls that are on it. */
export interface Engine extends AsyncDisposable {
  /** HOST:PORT of its ng protocol. */
  readonly name: string;
  readonly state: EngineState;
  draining: boolean;
  /** It has refused a call for want of room, and would refuse the next one, too. */
  readonly full: boolean;
  /** Calls on it, those that are only about to be included. */
  readonly sessions: number;
  /** When a call last came to it, ms of the monotonic clock; 0 before the first. */
  readonly enteredAt: number;
  /** It has left something unanswered for so long that a new call would rather time out than be set up. */
  readonly behind: boolean;
  readonly request: NgRequest;
  readonly once: NgRequest;
  readonly captures: CaptureReader | undefined;
  readonly interfaces: Interfaces | undefined;
  /** The call is to be here from now on; `placed` says that it is. */
  enter(callId: string): void;
  placed(callId: string): void;
  /** The call is here no more. `unfreed`: the engine may still hold it, and is told when it can be relied on again. */
  leave(callId: string, unfreed: boolean): void;
  has(callId: string): boolean;
  /** Whether it may still hold a call that has left. */
  mayHold(callId: string): boolean;
  /** Whether rtpengine knows the call. One that does not answer may know it. */
  knows(callId: string): Promise<boolean>;
}

/** How long one command may take. */
export const REQUEST_TIMEOUT_MS = 700;
/** An engine that keeps up answers in a few ms. */
const BEHIND_AFTER_MS = 300;

/** An offer whose only medium is turned down: port 0 (RFC 3264 §6). It takes no port of rtpengine. */
const REJECTED_AUDIO = [
  ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'],
  ...['m=audio 0 RTP/AVP 0', ''],
].join('\r\n');

/** Starts to talk to one rtpengine and waits for its first answer, or for the time-out. */
export async function startEngine(settings: EngineSettings, parts: EngineParts): Promise<Engine> {
  const engine = new RunningEngine(settings, parts);
  await engine.ping();
  return engine;
}

class RunningEngine implements Engine {
  readonly name: string;
  draining = false;
  full = false;
  enteredAt = 0;
  readonly captures: CaptureReader | undefined;
  readonly interfaces: Interfaces | undefined;
  readonly #parts: EngineParts;
  readonly #client: NgClient;
  readonly #health: EngineHealth;
  /** Whether rtpengine has taken each call that is on it. */
  readonly #calls = new Map<string, boolean>();
  readonly #leftovers: Leftovers;
  #cancelPing = () => {};
  #pinging = false;
  #stopped = false;

  constructor({ ng, recordingDir, interfaces }: EngineSettings, parts: EngineParts) {
    this.name = ng.host.includes(':') ? `[${ng.host}]:${ng.port}` : `${ng.host}:${ng.port}`;
    this.captures = recordingDir === undefined ? undefined : createCaptureReader(recordingDir);
    this.interfaces = interfaces;
    this.#parts = parts;
    this.#health = createEngineHealth((_, before) => this.#changed(before));
    const { clock, metrics } = parts;
    this.#client = createNgClient(ng, REQUEST_TIMEOUT_MS, clock, metrics, () => this.#health.heard());
    this.#leftovers = createLeftovers(this.#client.once, this.captures);
  }

  get state(): EngineState {
    return this.#health.state;
  }

  get sessions(): number {
    return this.#calls.size;
  }

  get behind(): boolean {
    return this.#client.waitedMs > BEHIND_AFTER_MS;
  }

  readonly request: NgRequest = (command, parameters) =>
    this.#watched(this.#client.request, command, parameters);
  readonly once: NgRequest = (command, parameters) => this.#watched(this.#client.once, command, parameters);

  enter(callId: string): void {
    this.#leftovers.forget(callId);
    this.#calls.set(callId, false);
    this.enteredAt = this.#parts.clock.monotonic();
  }

  placed(callId: string): void {
    if (this.#calls.has(callId)) this.#calls.set(callId, true);
  }

  leave(callId: string, unfreed: boolean): void {
    this.#calls.delete(callId);
    if (unfreed) this.#leftovers.add(callId);
  }

  has(callId: string): boolean {
    return this.#calls.has(callId);
  }

  mayHold(callId: string): boolean {
    return this.#leftovers.has(callId);
  }

  async knows(callId: string): Promise<boolean> {
    return this.request('query', { 'call-id': callId }).then(
      () => true,
      (error: unknown) => error instanceof MediaError && error.kind === 'timeout',
    );
  }

  async ping(): Promise<void> {
    if (this.#pinging || this.#stopped) return;
    this.#pinging = true;
    this.#cancelPing();
    const answered = await this.#client.once('ping').then(
      () => true,
      () => false,
    );
    this.#pinging = false;
    if (this.#stopped) return;
    if (answered) this.#health.answered();
    else this.#health.missed();
    const wait = this.state === 'up' ? PING_EVERY_MS : PING_AGAIN_MS;
    this.#cancelPing = this.#parts.clock.after(wait, () => void this.ping());
    if (answered) void this.#setRight();
    if (answered && this.full) void this.#lookForRoom();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#cancelPing();
    this.#client.close();
  }

  async #watched(ask: NgRequest, ...[command, parameters]: Parameters<NgRequest>) {
    try {
      return await ask(command, parameters);
    } catch (error) {
      if (saysFull(error)) this.#becomeFull(true);
      if (error instanceof MediaError && error.kind === 'timeout') {
        const wasUp = this.state === 'up';
        this.#health.doubt();
        if (wasUp) void this.ping();
      }
      throw error;
    }
  }

  /**
   * No statistic of rtpengine says whether it takes calls, and changes of calls that it has are always taken: so it is offered a
   * call whose media is turned down, which needs no port. One that was started anew has no limit any more.
   */
  async #lookForRoom(): Promise<void> {
    const callId = this.#parts.clock.newId();
    const offered = await this.#client
      .once('offer', { 'call-id': callId, 'from-tag': 'room', sdp: REJECTED_AUDIO })
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    if (saysFull(offered)) return;
    // Be it that its answer was lost.
    this.#leftovers.add(callId);
    if (offered === undefined) this.#becomeFull(false);
    await this.#leftovers.clear();
  }

  #becomeFull(full: boolean): void {
    if (this.full === full) return;
    this.full = full;
    this.#parts.onChange(this, this.state);
  }

  #changed(before: EngineState): void {
    this.#parts.onChange(this, before);
    if (this.state === 'dead') this.#lose([...this.#placedCalls()], 'stopped to answer');
  }

  /**
   * A supervisor may start an engine anew between two pings. It does not know its oldest call then, nor any from before.
   * And what an engine should not hold is deleted there.
   */
  async #setRight(): Promise<void> {
    const [oldest] = this.#placedCalls();
    if (oldest !== undefined && !(await this.knows(oldest))) {
      // One after the other: a datagram lost in a flood of them would leave a call without an end.
      for (const callId of [...this.#placedCalls()]) {
        if (!(await this.knows(callId))) this.#lose([callId], 'was started anew');
      }
    }
    if (this.state === 'up') await this.#leftovers.clear();
  }

  *#placedCalls(): Generator<string> {
    for (const [callId, isPlaced] of this.#calls) if (isPlaced) yield callId;
  }

  #lose(callIds: readonly string[], what: string): void {
    const why = { reason: 'media-engine-lost', detail: `rtpengine at ${this.name} ${what}` } as const;
    for (const callId of callIds) this.#parts.onLost(callId, why);
  }
}
