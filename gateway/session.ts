import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type { AgentHappening, AgentSessionRequest } from '../contracts/agent-media/session.ts';
import { openAgentSocket } from './agent-socket.ts';
import type { Dialect, Refusal, Speaker } from './dialects/dialect.ts';
import { pcm } from './dialects/pcm.ts';
import { twilio } from './dialects/twilio.ts';
import { Flood, flood } from './flood.ts';
import type { MediaOptions } from './media/open-media.ts';
import type { MediaListener, MediaSession, MediaStats } from './ports.ts';
import { Reader } from './reader.ts';
import { mediaOf, unfit } from './session-media.ts';

export interface SessionOptions
  extends Pick<MediaOptions, 'address' | 'ports' | 'pacer' | 'clock' | 'maxQueueMs' | 'silenceMs'> {
  readonly request: AgentSessionRequest;
  readonly allowPrivate: boolean;
  readonly ca: string | undefined;
  readonly tell: (happening: AgentHappening) => void;
  readonly logger: Logger;
}

const dialects = { pcm, twilio } as const;

const QUALITY_MS = 5_000;

/** Refusals of one session that are told; the agent hears them all. */
const REFUSALS_TOLD = 10;

/** First pause before a broken socket is opened anew, ms; twice as long each time. */
const RECONNECT_MS = 200;

/** One call between its RTP and the socket of its agent. */
export class Session implements AsyncDisposable {
  readonly #options: SessionOptions;
  readonly #dialect: Dialect;
  readonly #media: MediaSession;
  readonly #flood: Flood;
  readonly #reader = new Reader();
  readonly #timers = new Set<() => void>();
  #socket: WebSocket | undefined;
  #speaker: Speaker | undefined;
  #isOver = false;
  #reconnects = 0;
  #hasPlayed = false;
  #refusals = 0;
  #dropped = 0;

  /** Opens its RTP, then the socket, and has said who calls. @throws AgentFailure */
  static async open(options: SessionOptions): Promise<Session> {
    const dialect = dialects[options.request.agent.dialect](options.request);
    let session: Session | undefined;
    const media = await mediaOf(options, dialect, () => session);
    session = new Session(options, dialect, media);
    try {
      await session.#connect(false);
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
    return session;
  }

  private constructor(options: SessionOptions, dialect: Dialect, media: MediaSession) {
    this.#options = options;
    this.#dialect = dialect;
    this.#media = media;
    this.#flood = new Flood(options.clock);
    this.#repeat(QUALITY_MS, () => {
      this.#speaker?.quality(media.stats());
      if (this.#reader.isStuck(this.#socket, this.#options.clock.now())) this.#socket?.terminate();
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
    const own = { framesDropped: this.#dropped, refusals: this.#refusals, reconnects: this.#reconnects };
    return { ...this.#media.stats(), ...own };
  }

  /** What the media of this call tells. */
  readonly listener: MediaListener = {
    audio: (frame, timestampMs) => {
      if (this.#isReading()) this.#speaker?.audio(frame, timestampMs);
      else this.#dropped += 1;
    },
    digit: (digit) =>
      this.#speaker?.digit(digit, () => this.#options.tell({ type: 'digit-delivered', digit })),
    mark: (name, played) => this.#speaker?.mark(name, played),
    speech: (state) => {
      this.#options.tell({ type: `speech-${state}` });
      this.#speaker?.speech(state);
      const droppedMs = this.#media.stats().queuedMs;
      if (state === 'stopped' || this.#options.request.agent.bargeIn === 'off' || droppedMs === 0) return;
      this.#media.clear();
      this.#options.tell({ type: 'barged-in', droppedMs });
    },
    silence() {},
    failed: (error) => this.#broken(error),
  };

  async #connect(reconnected: boolean): Promise<void> {
    const { request, allowPrivate, ca } = this.#options;
    const { agent } = request;
    const { headers, subprotocol } = this.#dialect;
    const bearer = agent.bearer === undefined ? {} : { Authorization: `Bearer ${agent.bearer}` };
    const { url, connectMs, clientCertificate } = agent;
    const handshake = {
      url,
      connectMs,
      clientCertificate,
      subprotocol,
      allowPrivate,
      ca,
      headers: { ...headers, ...bearer },
    };
    const socket = await openAgentSocket(handshake);
    if (this.#isOver) return socket.terminate();
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => this.#hear(data as Buffer, isBinary));
    socket.once('close', (code, reason) => void this.#closed(code, reason.toString('utf8').slice(0, 256)));
    this.#speaker = this.#dialect.speak(this.#partsOf(socket, reconnected));
    this.#speaker.begin();
    if (agent.firstAudioMs > 0 && !this.#hasPlayed)
      this.#later(agent.firstAudioMs, () => {
        if (!this.#hasPlayed)
          this.#fail('no-first-audio', `the agent said nothing for ${agent.firstAudioMs} ms`);
      });
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
          this.#hasPlayed = true;
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
    const socket = this.#socket;
    if (ms === 0 || !socket) return;
    socket.pause();
    this.#later(ms, () => socket.resume());
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

  #isReading = () => this.#reader.isReading(this.#socket);

  /** 1000 is a good-bye (RFC 6455 section 7.4.1); all else is a break. */
  async #closed(code: number, reason: string): Promise<void> {
    this.#speaker = undefined;
    if (this.#isOver) return;
    if (code === 1_000) return this.#options.tell({ type: 'hangup', ...(reason ? { reason } : {}) });
    this.#options.tell({ type: 'disconnected', code, reason });
    const { reconnects } = this.#options.request.agent;
    let why = `the socket closed with ${code}`;
    for (let attempt = 1; attempt <= reconnects; attempt += 1) {
      await this.#pause(RECONNECT_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
      if (this.#isOver) return;
      try {
        await this.#connect(true);
        this.#reconnects += 1;
        return this.#options.tell({ type: 'reconnected', attempt });
      } catch (error) {
        why = error instanceof Error ? error.message : String(error);
      }
    }
    this.#fail('disconnected', why);
  }

  #fail(fault: Extract<AgentHappening, { type: 'failed' }>['fault'], detail: string): void {
    if (this.#isOver) return;
    this.#options.tell({ type: 'failed', fault, detail });
    this.#end('failed');
  }

  #later(ms: number, then: () => void): void {
    const cancel = this.#options.clock.after(ms, () => {
      this.#timers.delete(cancel);
      then();
    });
    this.#timers.add(cancel);
  }

  #repeat(ms: number, then: () => void): void {
    this.#later(ms, () => {
      then();
      if (!this.#isOver) this.#repeat(ms, then);
    });
  }

  #pause = (ms: number) => new Promise<void>((resolve) => this.#later(ms, resolve));

  #end(reason: string): void {
    this.#isOver = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#speaker?.end(reason);
    this.#socket?.close(1_000);
    const socket = this.#socket;
    // An agent that does not say good-bye is not waited for.
    if (socket) setTimeout(() => socket.terminate(), 1_000).unref();
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
