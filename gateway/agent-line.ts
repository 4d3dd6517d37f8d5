import { WebSocket } from 'ws';
import type { AgentFault, AgentHappening, AgentSessionRequest } from '../contracts/agent-media/session.ts';
import { AgentFailure } from './agent-socket.ts';
import { Reconnects } from './reconnects.ts';
import type { Timers } from './timers.ts';

/** How often the agent is asked whether it is there (RFC 6455 section 5.5.2), and how many answers may be missing. */
const PING_MS = 5_000;
const MOST_MISSED = 2;

/** Normal closure, and none said (RFC 6455 section 7.4.1): `close()` without a code is a good-bye, too. */
const goodByes: ReadonlySet<number> = new Set([1_000, 1_005]);

/** Told to an agent whose socket is given up because it is silent; of the codes for private use (section 7.4.2). */
const SILENT = 4_000;

export interface LineParts {
  readonly agent: Pick<AgentSessionRequest['agent'], 'reconnects' | 'firstAudioMs'>;
  readonly timers: Timers;
  /** @throws AgentFailure */
  readonly connect: () => Promise<WebSocket>;
  readonly tell: (happening: AgentHappening) => void;
  /** A socket is open. `reconnected`: not the first of this call. */
  readonly onOpen: (socket: WebSocket, reconnected: boolean) => void;
  readonly onMessage: (message: Buffer, isBinary: boolean) => void;
  /** There is no socket for now. */
  readonly onBreak: () => void;
  /** There will be none any more. */
  readonly onLost: (fault: AgentFault, detail: string) => void;
}

/** The way to the agent of one call: a socket, and another one where it breaks. */
export class AgentLine implements Disposable {
  readonly #parts: LineParts;
  readonly #reconnects: Reconnects;
  #socket: WebSocket | undefined;
  #isOver = false;
  #hasOpened = false;
  #hasPlayed = false;
  #openedAt = 0;
  /** When it last showed that it lives. */
  #heardAt = 0;
  #missed = 0;
  /** What the socket said of itself before it closed. */
  #detail = '';
  reconnects = 0;

  constructor(parts: LineParts) {
    this.#parts = parts;
    this.#reconnects = new Reconnects(parts.agent.reconnects);
    parts.timers.repeat(PING_MS, () => this.#ask());
  }

  get socket(): WebSocket | undefined {
    return this.#socket;
  }

  /** The first socket. The caller hears ringing meanwhile: an agent that is late is called again at once, any other failure is one. @throws AgentFailure */
  async open(): Promise<void> {
    for (let attempt = 1; ; attempt += 1)
      try {
        return await this.#connect();
      } catch (error) {
        const { fault, message: detail } = failureOf(error);
        if (fault !== 'connect-timeout' || this.#reconnects.next() === undefined) throw error;
        this.#parts.tell({ type: 'attempt-failed', attempt, fault, detail });
      }
  }

  /** The agent has said something that the caller can hear. */
  hasPlayed(): void {
    this.#hasPlayed = true;
  }

  /** Whatever TCP says of it. */
  giveUp(why: string): void {
    this.#detail = why;
    this.#socket?.terminate();
  }

  async #connect(): Promise<void> {
    const socket = await this.#parts.connect();
    if (this.#isOver) return socket.terminate();
    this.#socket = socket;
    this.#openedAt = this.#heardAt = this.#now();
    this.#missed = 0;
    this.#detail = '';
    socket.on('error', ({ message }) => {
      this.#detail = message;
    });
    for (const sign of ['message', 'ping', 'pong']) socket.on(sign, () => this.#lives());
    socket.on('message', (data, isBinary) => this.#parts.onMessage(data as Buffer, isBinary));
    socket.once('close', (code, reason) => this.#closed(socket, code, reason.toString('utf8')));
    const reconnected = this.#hasOpened;
    this.#hasOpened = true;
    this.#parts.onOpen(socket, reconnected);
    this.#awaitAudio(socket);
  }

  #awaitAudio(socket: WebSocket): void {
    const { agent, timers } = this.#parts;
    if (agent.firstAudioMs === 0 || this.#hasPlayed) return;
    timers.later(agent.firstAudioMs, () => {
      if (this.#hasPlayed || this.#socket !== socket) return;
      const reason = `the agent said nothing for ${agent.firstAudioMs} ms`;
      leave(socket, SILENT, reason);
      this.#broke({ fault: 'no-first-audio', code: SILENT, reason });
    });
  }

  #ask(): void {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return;
    if (this.#missed >= MOST_MISSED) {
      this.giveUp(`the agent answered no ping for ${MOST_MISSED * PING_MS} ms`);
      return;
    }
    this.#missed += 1;
    socket.ping();
  }

  #lives(): void {
    this.#missed = 0;
    this.#heardAt = this.#now();
  }

  #closed(socket: WebSocket, code: number, said: string): void {
    if (this.#isOver || this.#socket !== socket) return;
    const reason = (said || this.#detail).slice(0, 256);
    if (!goodByes.has(code)) {
      this.#broke({ fault: 'disconnected', code, reason });
      return;
    }
    this.#socket = undefined;
    this.#parts.onBreak();
    this.#parts.tell({ type: 'hangup', ...(reason ? { reason } : {}) });
  }

  #broke({ fault, code, reason }: Break): void {
    const isWell = this.#parts.agent.firstAudioMs === 0 || this.#hasPlayed;
    this.#reconnects.lived(isWell ? this.#heardAt - this.#openedAt : 0);
    this.#socket = undefined;
    this.#parts.onBreak();
    this.#parts.tell({ type: 'disconnected', code, reason });
    const what = `the socket closed with ${code}`;
    void this.#reopen(fault, fault === 'no-first-audio' ? reason : reason ? `${what}: ${reason}` : what);
  }

  async #reopen(fault: AgentFault, detail: string): Promise<void> {
    let why = { fault, detail };
    for (let attempt = this.#reconnects.next(); attempt; attempt = this.#reconnects.next()) {
      await this.#parts.timers.pause(this.#reconnects.pauseBefore(attempt, Math.random()));
      try {
        await this.#connect();
        this.reconnects += 1;
        return this.#isOver ? undefined : this.#parts.tell({ type: 'reconnected', attempt });
      } catch (error) {
        if (this.#isOver) return;
        const failure = failureOf(error);
        why = { fault: 'disconnected', detail: failure.message };
        this.#parts.tell({ type: 'attempt-failed', attempt, fault: failure.fault, detail: failure.message });
      }
    }
    this.#parts.onLost(why.fault, why.detail);
  }

  #now = () => this.#parts.timers.clock.now();

  /** Good-bye. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    if (this.#socket) leave(this.#socket, 1_000, '');
  }
}

interface Break {
  readonly fault: AgentFault;
  readonly code: number;
  readonly reason: string;
}

/** An agent that does not say good-bye is not waited for. */
function leave(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, reason);
  setTimeout(() => socket.terminate(), 1_000).unref();
}

const failureOf = (error: unknown): AgentFailure =>
  error instanceof AgentFailure ? error : new AgentFailure('unreachable', String(error));
