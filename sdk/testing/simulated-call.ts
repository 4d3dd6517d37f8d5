import { monotonicFactory } from 'ulid';
import type { Command, CommandOf } from '../../contracts/commands.ts';
import type { CommandRefusal } from '../../contracts/events/command.ts';
import { type CallScopedEvent, type EventOf, type EventType, events } from '../../contracts/events.ts';
import type { TerminationReason } from '../../contracts/terminations.ts';
import { type CallState, evolve } from '../../core/call-state.ts';
import type { Collected } from '../../core/collect-digits.ts';
import { terminations } from '../../core/terminations.ts';
import { type SimulatedCollection, startCollection } from './simulated-collection.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What meets a command that calls somebody: they answer, or this status comes instead. */
export type TransferOutcome = 'answered' | 486 | 480 | 404 | 603;

export interface SimulatedCallOptions {
  readonly from: string;
  readonly to: string;
  readonly agent: string;
  readonly trunk: string;
  /** Length of each recording, ms. */
  readonly recordings: Readonly<Record<string, number>>;
  readonly transferTo: (to: CommandOf<'call.transfer'>['to']) => TransferOutcome;
  readonly ringMs: number;
}

type Payload<T extends EventType> = Omit<
  EventOf<T>,
  'version' | 'id' | 'type' | 'time' | 'callId' | 'seq' | 'edge'
>;

/** Stands for digits that only the holder of a key can read. */
const ENCRYPTED = 'e30.e30.e30.e30.e30';

/** A call as an edge tells it and takes commands for it: no SIP, no RTP, and time that stands still. */
export class SimulatedCall {
  readonly id: string;
  state: CallState | undefined;
  readonly #time: VirtualTime;
  readonly #options: SimulatedCallOptions;
  readonly #say: (event: CallScopedEvent) => void;
  readonly #ulid = monotonicFactory(() => 0.5);
  readonly #known = new Set<string>();
  readonly #began: number;
  #seq = 0;
  #answeredAt: number | undefined;
  #ended = false;
  #digits = 0;
  #playing: { readonly end: (how: 'stopped' | 'replaced') => void } | undefined;
  #collecting: SimulatedCollection | undefined;

  constructor(time: VirtualTime, options: SimulatedCallOptions, say: (event: CallScopedEvent) => void) {
    this.#time = time;
    this.#options = options;
    this.#say = say;
    this.#began = time.now();
    this.id = this.newId();
  }

  get isUp(): boolean {
    return this.#answeredAt !== undefined && !this.#ended;
  }

  get isOver(): boolean {
    return this.#ended;
  }

  newId(): string {
    return this.#ulid(this.#time.now());
  }

  tell<const T extends CallScopedEvent['type']>(type: T, payload: Payload<T>): void {
    const envelope = {
      ...{ version: 1, id: this.newId(), type, callId: this.id, seq: this.#seq++ },
      time: new Date(this.#time.now()).toISOString(),
      edge: { id: 'edge-1', region: 'local-1', epoch: this.#began },
    };
    const event = events[type].parse({ ...envelope, ...payload }) as CallScopedEvent;
    this.state = evolve(this.state, event);
    this.#say(event);
  }

  receive(): void {
    const { from, to, trunk } = this.#options;
    const party = (number: string) => ({ uri: `sip:${number}@example.net`, number });
    this.tell('call.received', {
      ...{ trunk, from: party(from), to: party(to), sipCallId: `${this.id}@example.net` },
      source: { address: '192.0.2.1', port: 5060, transport: 'udp' },
      offer: { codecs: ['PCMU'], dtmf: true, encrypted: false },
    });
    const targets = [{ id: this.#target, uri: `sip:${this.#options.agent}@example.net` }];
    this.tell('call.routed', {
      ...{ source: 'live', waitMs: 20, configVersion: 1, agent: this.#options.agent },
      targets,
    });
    this.tell('call.ringing', { target: this.#target, sipStatus: 180 });
  }

  answer(): void {
    this.#answeredAt = this.#time.now();
    const setupMs = this.#answeredAt - this.#began;
    const codecs = { a: 'PCMU', b: 'PCMU' };
    this.tell('call.answered', { target: this.#target, setupMs, decisionMs: 20, codecs, transcoded: false });
    this.tell('media.started', { afterMs: 0 });
  }

  press(digit: string): void {
    const digitId = this.newId();
    this.#digits += 1;
    const collecting = this.#collecting;
    const secret = collecting?.command.secret === true;
    this.tell('dtmf.received', {
      ...{ digitId, leg: 'a', durationMs: 160, mode: 'rfc4733' },
      ...(secret ? {} : { digit }),
    });
    if (!secret) this.tell('dtmf.delivered', { digitId, leg: 'b', digit, mode: 'rfc4733' });
    collecting?.hear({ id: digitId, digit });
  }

  end(reason: TerminationReason, detail?: string): void {
    if (this.#ended) return;
    this.#collecting?.end();
    this.#ended = true;
    const now = this.#time.now();
    const { blame, sip } = terminations[reason];
    this.tell('call.ended', {
      ...{ reason, blame, sipStatus: sip, durationMs: now - this.#began },
      talkMs: this.#answeredAt === undefined ? 0 : now - this.#answeredAt,
      ...{ media: null, digits: { received: this.#digits, delivered: this.#digits, gap: 0 } },
      ...(detail === undefined ? {} : { detail }),
    });
  }

  /** As the platform takes it: once for each id, refused with a reason where it means nothing now. */
  take(command: Command): void {
    if (this.#known.has(command.id)) return;
    this.#known.add(command.id);
    const refusal = this.#refusalOf(command);
    const about = { commandId: command.id, command: command.type };
    if (refusal) this.tell('command.refused', { ...about, ...refusal });
    else {
      this.tell('command.applied', about);
      this.#apply(command);
    }
  }

  get #target() {
    return `${this.#options.agent}-1`;
  }

  #refusalOf(command: Command): { reason: CommandRefusal; message: string } | undefined {
    if (command.callId !== this.id)
      return { reason: 'unknown-call', message: `callId: there is no call ${command.callId}` };
    if (this.#ended) return { reason: 'call-ended', message: 'the call has ended' };
    if (command.expiresAt !== undefined && Date.parse(command.expiresAt) < this.#time.now())
      return { reason: 'expired', message: 'expiresAt: is over' };
    if (command.type === 'call.reject' && this.isUp)
      return { reason: 'wrong-state', message: 'the call is answered: use call.hangup' };
    if (!['call.hangup', 'call.reject'].includes(command.type) && !this.isUp)
      return { reason: 'wrong-state', message: 'the call is not answered yet' };
    if (command.type === 'call.collect' && this.#collecting)
      return { reason: 'wrong-state', message: 'a collection is under way: wait for its dtmf.collected' };
    return undefined;
  }

  #apply(command: Command): void {
    if (command.type === 'call.hangup') this.end('hung-up-by-command', command.reason);
    if (command.type === 'call.reject') this.end('rejected-by-command');
    if (command.type === 'call.hold')
      this.tell('call.held', { leg: command.leg, by: 'command', direction: 'sendonly' });
    if (command.type === 'call.resume') this.tell('call.resumed', { leg: command.leg, by: 'command' });
    if (command.type === 'call.play') this.#play(command);
    if (command.type === 'call.stop') this.#playing?.end('stopped');
    if (command.type === 'call.collect') this.#collect(command);
    if (command.type === 'call.transfer') this.#transfer(command);
    if (command.type === 'call.send-dtmf') this.#send(command);
  }

  #play({ id: commandId, file, to, times }: CommandOf<'call.play'>): void {
    this.#playing?.end('replaced');
    const began = this.#time.now();
    const end = (ended: 'finished' | 'stopped' | 'replaced') => {
      cancel();
      this.#playing = undefined;
      if (!this.#ended)
        this.tell('media.played', { commandId, file, to, playedMs: this.#time.now() - began, ended });
    };
    const length = (this.#options.recordings[file] ?? 3_000) * times;
    // Zero times is without an end.
    const cancel = times === 0 ? () => {} : this.#time.after(length, () => end('finished'));
    this.#playing = { end };
  }

  #collect(command: CommandOf<'call.collect'>): void {
    this.#collecting = startCollection(this.#time, command, (over) => {
      this.#collecting = undefined;
      this.#collected(command, over);
    });
  }

  #collected({ collectionId, leg, name, secret }: CommandOf<'call.collect'>, over: Collected): void {
    const found = secret
      ? { encrypted: ENCRYPTED }
      : { digits: over.outcome === 'complete' ? over.digits : '' };
    this.tell('dtmf.collected', {
      ...{ collectionId, leg, attempts: over.attempts, outcome: over.outcome },
      ...(name === undefined ? {} : { name }),
      ...(over.outcome === 'complete' ? found : { reason: over.reason }),
    });
  }

  #transfer({ to, kind }: CommandOf<'call.transfer'>): void {
    const [target = ''] = Object.values(to);
    const about = { transferId: this.newId(), kind, by: 'command' as const, target };
    this.tell('call.transferring', about);
    const outcome = this.#options.transferTo(to);
    this.#time.after(this.#options.ringMs, () => {
      if (this.#ended) return;
      const detail = `the target answered ${outcome}`;
      if (outcome === 'answered') this.tell('call.transferred', about);
      else this.tell('call.transfer-failed', { ...about, sipStatus: outcome, failedBy: 'target', detail });
    });
  }

  #send({ id: commandId, leg, digits, durationMs, gapMs }: CommandOf<'call.send-dtmf'>): void {
    let at = 0;
    for (const digit of digits) {
      at += digit === ',' ? 1_000 : durationMs + gapMs;
      if (digit === ',') continue;
      this.#time.after(at, () => {
        const digitId = this.newId();
        if (!this.#ended) this.tell('dtmf.delivered', { digitId, commandId, leg, digit, mode: 'rfc4733' });
      });
    }
  }
}
