import type { AgentSessionEvent } from '../../../contracts/agent-media/session.ts';
import type { AgentMediaAnswer } from '../../ports.ts';
import type { Dialog, DialogIds, ReinviteResult } from '../sip.ts';
import type { SocketTarget } from './dial-agent.ts';

type Session = Extract<AgentMediaAnswer, { ok: true }>;

/** The leg of an agent over a WebSocket, as the rest of the call knows legs. What only SIP has, it answers as a phone without it. */
export class AgentDialog implements Dialog {
  readonly remoteSdp: string;
  readonly remoteUri: string;
  readonly ids: DialogIds;
  readonly #target: SocketTarget;
  readonly #session: Session;
  #isOver = false;
  #why: string | undefined;
  #onBye: ((reason: string) => void) | undefined;
  #onAsk: ((event: AgentSessionEvent) => void) | undefined;
  /** Asked before the call could do anything about it. */
  readonly #asked: AgentSessionEvent[] = [];
  #onLost: ((target: string, why: string) => void) | undefined;
  #lost: string | undefined;

  constructor(target: SocketTarget, session: Session) {
    this.#target = target;
    this.#session = session;
    this.remoteSdp = session.sdp;
    this.remoteUri = target.uri;
    this.ids = { callId: session.sessionId, localTag: 'edge', remoteTag: 'gateway' };
    void session.follow((event) => this.#hear(event));
  }

  acked = async (): Promise<undefined> => undefined;

  async bye(): Promise<void> {
    this.#isOver = true;
    await this.#session.end('ended');
  }

  onBye(listener: (reason: string) => void): void {
    this.#onBye = listener;
    if (this.#why !== undefined) listener(this.#why);
  }

  async reinvite(sdp: string): Promise<ReinviteResult> {
    const answer = await this.#session.reoffer(sdp);
    if (answer === 'gone') return { kind: 'gone' };
    return answer === 'refused' ? { kind: 'refused', status: 488 } : { kind: 'answered', sdp: answer.sdp };
  }

  onSessionRequest(): void {}
  onRefer(): void {}
  onNotify(): void {}
  onInfo(): void {}
  refer = async (): Promise<number> => 501;
  notify = async (): Promise<number> => 501;
  info = async (): Promise<number> => 501;

  onAsk(listener: (event: AgentSessionEvent) => void): void {
    this.#onAsk = listener;
    for (const event of this.#asked.splice(0)) listener(event);
  }

  refuse(refusal: { readonly code: string; readonly message: string }): void {
    if (!this.#isOver) void this.#session.refuse(refusal);
  }

  onLost(listener: (target: string, why: string) => void): void {
    this.#onLost = listener;
    if (this.#lost !== undefined) listener(this.#target.id, this.#lost);
  }

  #hear(event: AgentSessionEvent | 'over'): void {
    if (this.#isOver) return;
    if (event === 'over') this.#fail('the gateway is gone');
    else if (event.type === 'failed') this.#fail(`${event.fault}: ${event.detail}`);
    else if (event.type === 'hangup') this.#hangUp(event.reason ?? 'the agent hung up');
    else if (event.type.startsWith('speech-') && !this.#target.socket.speechEvents) return;
    else if (this.#onAsk) this.#onAsk(event);
    else this.#asked.push(event);
  }

  #hangUp(why: string): void {
    this.#isOver = true;
    this.#why = why;
    void this.#session.end('hung up');
    this.#onBye?.(why);
  }

  #fail(why: string): void {
    this.#isOver = true;
    this.#lost = why;
    void this.#session.end('failed');
    this.#onLost?.(this.#target.id, why);
  }
}
