import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type { AgentFault, AgentHappening, AgentSessionRequest } from '../contracts/agent-media/session.ts';
import { AgentLine } from './agent-line.ts';
import { openAgentSocket } from './agent-socket.ts';
import type { Dialect, Refusal, Speaker } from './dialects/dialect.ts';
import { pcm } from './dialects/pcm.ts';
import { twilio } from './dialects/twilio.ts';
import { Flood, flood } from './flood.ts';
import type { MediaOptions } from './media/open-media.ts';
import type { MediaListener, MediaSession, MediaStats } from './ports.ts';
import { Reader } from './reader.ts';
import { mediaOf, unfit } from './session-media.ts';
import type { AgentRefusal } from './thread-messages.ts';
import { Timers } from './timers.ts';
import { WaitingKeys } from './waiting-keys.ts';

export interface SessionOptions
  extends Pick<MediaOptions, 'address' | 'ports' | 'pacer' | 'clock' | 'maxQueueMs' | 'silenceMs'> {
  readonly request: AgentSessionRequest;
  readonly allowPrivate: boolean;
  readonly ca: string | undefined;
  readonly restUrl?: string | undefined;
  readonly tell: (happening: AgentHappening) => void;
  readonly logger: Logger;
}

const dialects = { pcm, twilio } as const;

const QUALITY_MS = 5_000;

/** Refusals of one session that are told; the agent hears them all. */
const REFUSALS_TOLD = 10;

/** One call between its RTP and the socket of its agent. */
export class Session implements AsyncDisposable {
  readonly #options: SessionOptions;
  readonly #dialect: Dialect;
  readonly #media: MediaSession;
  readonly #flood: Flood;
  readonly #reader: Reader;
  readonly #timers: Timers;
  readonly #line: AgentLine;
  readonly #keys: WaitingKeys;
  #speaker: Speaker | undefined;
  #isOver = false;
  #refusals = 0;
  #dropped = 0;

  /** Opens its RTP, then the socket, and has said who calls. @throws AgentFailure */
  static async open(options: SessionOptions): Promise<Session> {
    const { request, restUrl } = options;
    const dialect = dialects[request.agent.dialect](request, restUrl);
    let session: Session | undefined;
    const media = await mediaOf(options, dialect, () => session);
    session = new Session(options, dialect, media);
    try {
      await session.#line.open();
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
    return session;
  }

  private constructor(options: SessionOptions, dialect: Dialect, media: MediaSession) {
    const { clock, request, tell } = options;
    this.#options = options;
    this.#dialect = dialect;
    this.#media = media;
    this.#flood = new Flood(clock);
    this.#reader = new Reader(dialect.bytesPerSecond);
    this.#timers = new Timers(clock);
    this.#keys = new WaitingKeys(tell);
    this.#line = new AgentLine({
      ...{ agent: request.agent, timers: this.#timers, tell },
      connect: () => this.#connect(),
      onOpen: (socket, reconnected) => this.#begin(socket, reconnected),
      onMessage: (message, isBinary) => this.#hear(message, isBinary),
      onBreak: () => this.#pause(),
      onLost: (fault, detail) => this.#fail(fault, detail),
    });
    this.#timers.repeat(QUALITY_MS, () => {
      this.#speaker?.quality(media.stats());
      if (this.#reader.isStuck(this.#line.socket, clock.now())) this.#line.giveUp('the agent reads nothing');
    });
  }

  get answer(): string {
    return this.#media.answer;
  }

  /** @throws AgentFailure */
  reoffer(sdp: string): string {
    try {
      return this.#media.reoffer(sdp);
    } catch (error) {
      throw unfit(error);
    }
  }

  stats(): MediaStats & {
    readonly framesDropped: number;
    readonly refusals: number;
    readonly reconnects: number;
  } {
    const { reconnects } = this.#line;
    const own = { framesDropped: this.#dropped, refusals: this.#refusals, reconnects };
    return { ...this.#media.stats(), ...own };
  }

  /** The edge did not do what the agent asked for. */
  refuse(refusal: AgentRefusal): void {
    this.#speaker?.refuse(refusal);
  }

  /** What the media of this call tells. */
  readonly listener: MediaListener = {
    audio: (frame, timestampMs) => {
      if (this.#isReading()) this.#speaker?.audio(frame, timestampMs);
      else this.#dropped += 1;
    },
    digit: (digit) => this.#keys.press(digit),
    mark: (name, played) => this.#speaker?.mark(name, played),
    speech: (state) => {
      this.#speaker?.speech(state);
      if (state === 'stopped') return this.#options.tell({ type: 'speech-stopped' });
      const droppedMs = this.#bargeIn();
      this.#options.tell({ type: 'speech-started', ...(droppedMs > 0 ? { droppedMs } : {}) });
    },
    silence() {},
    failed: (error) => this.#broken(error),
  };

  /** How much of what the agent has said is dropped, ms. */
  #bargeIn(): number {
    if (this.#options.request.agent.bargeIn === 'off') return 0;
    const { queuedMs } = this.#media.stats();
    if (queuedMs > 0) this.#media.clear();
    return queuedMs;
  }

  #connect(): Promise<WebSocket> {
    const { request, allowPrivate, ca } = this.#options;
    const { url, connectMs, clientCertificate, bearer } = request.agent;
    const { headers, subprotocol } = this.#dialect;
    const shown = bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` };
    return openAgentSocket({
      ...{ url, connectMs, clientCertificate, subprotocol, allowPrivate, ca },
      headers: { ...headers, ...shown },
    });
  }

  #begin(socket: WebSocket, reconnected: boolean): void {
    this.#speaker = this.#dialect.speak(this.#partsOf(socket, reconnected));
    this.#speaker.begin();
    this.#keys.to(this.#speaker);
  }

  #pause(): void {
    this.#speaker = undefined;
    this.#keys.hold();
  }

  #partsOf(socket: WebSocket, reconnected: boolean) {
    const { request, tell } = this.#options;
    const media = this.#media;
    return {
      ...{ request, reconnected },
      send: (message: string | Uint8Array, taken?: () => void) => {
        if (socket.readyState === socket.OPEN) socket.send(message, (error) => void (error ?? taken?.()));
      },
      call: {
        play: (audio: Uint8Array) => {
          this.#line.hasPlayed();
          return media.play(audio);
        },
        mark: (name: string) => media.mark(name),
        clear: () => media.clear(),
        press: (digits: string, durationMs: number) => {
          const taken = media.sendDigits(digits, durationMs);
          if (taken === 'queued') tell({ type: 'send-digits', digits });
          return taken;
        },
        tell,
      },
    };
  }

  #hear(message: Buffer, isBinary: boolean): void {
    const speaker = this.#speaker;
    if (!speaker || this.#isOver) return;
    try {
      const refusal = speaker.hear(message, isBinary);
      if (refusal) this.#refuse(speaker, refusal);
      this.#brake(speaker, message.length);
    } catch (error) {
      this.#broken(error);
    }
  }

  /** An agent that sends faster than it is read has TCP to wait for: what it has sent is dropped neither by it nor here. */
  #brake(speaker: Speaker, bytes: number): void {
    const ms = this.#flood.waitMs(bytes);
    const { socket } = this.#line;
    if (ms === 0 || !socket) return;
    socket.pause();
    this.#timers.later(ms, () => socket.resume());
    this.#refuse(speaker, flood);
  }

  /** A bug met in one session ends that one: what is thrown further would end the thread with every call in it. */
  #broken(error: unknown): void {
    this.#options.logger.error({ err: error }, 'a session failed in an unexpected way');
    this.#fail('disconnected', 'the gateway failed in this call: its log says on what');
  }

  #refuse(speaker: Speaker, refusal: Refusal): void {
    this.#refusals += 1;
    if (this.#isReading()) speaker.refuse(refusal);
    if (this.#refusals <= REFUSALS_TOLD) this.#options.tell({ type: 'message-refused', ...refusal });
  }

  #isReading = () => this.#reader.isReading(this.#line.socket);

  #fail(fault: AgentFault, detail: string): void {
    if (this.#isOver) return;
    this.#options.tell({ type: 'failed', fault, detail });
    this.#end('failed');
  }

  #end(reason: string): void {
    this.#isOver = true;
    this.#timers[Symbol.dispose]();
    this.#speaker?.end(reason);
    this.#line[Symbol.dispose]();
  }

  /** The caller is gone, or goes to somebody else. */
  async end(reason: string): Promise<void> {
    if (!this.#isOver) this.#end(reason);
    await this.#media[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end('ended');
  }
}
