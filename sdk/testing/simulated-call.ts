import { monotonicFactory } from 'ulid';
import type { Command, CommandOf } from '../../contracts/commands.ts';
import type { LegName } from '../../contracts/events/call.ts';
import { type CallScopedEvent, type EventOf, type EventType, events } from '../../contracts/events.ts';
import type { TerminationReason } from '../../contracts/terminations.ts';
import { type CallState, evolve } from '../../core/call-state.ts';
import { terminations } from '../../core/terminations.ts';
import { SimulatedCommands } from './simulated-commands.ts';
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

export type Payload<T extends EventType> = Omit<
  EventOf<T>,
  'version' | 'id' | 'type' | 'time' | 'callId' | 'seq' | 'edge'
>;

const otherLeg = (leg: LegName): LegName => (leg === 'a' ? 'b' : 'a');

/** A call as an edge tells it and takes commands for it: no SIP, no RTP, and time that stands still. */
export class SimulatedCall {
  readonly id: string;
  readonly time: VirtualTime;
  readonly options: SimulatedCallOptions;
  readonly #say: (event: CallScopedEvent) => void;
  readonly #ulid = monotonicFactory(() => 0.5);
  readonly #began: number;
  readonly #commands: SimulatedCommands;
  /** What the record held, and since when. */
  readonly #past: { readonly since: number; readonly state: CallState | undefined }[] = [];
  #seq = 0;
  #answeredAt: number | undefined;
  #ended = false;
  #digits = 0;

  constructor(time: VirtualTime, options: SimulatedCallOptions, say: (event: CallScopedEvent) => void) {
    this.time = time;
    this.options = options;
    this.#say = say;
    this.#began = time.now();
    this.id = this.newId();
    this.#commands = new SimulatedCommands(this);
  }

  get state(): CallState | undefined {
    return this.#past.at(-1)?.state;
  }

  /** The record as it was, ms since 1970. */
  stateAt(moment: number): CallState | undefined {
    return this.#past.findLast(({ since }) => since <= moment)?.state;
  }

  get isUp(): boolean {
    return this.#answeredAt !== undefined && !this.#ended;
  }

  get isOver(): boolean {
    return this.#ended;
  }

  newId(): string {
    return this.#ulid(this.time.now());
  }

  tell<const T extends CallScopedEvent['type']>(type: T, payload: Payload<T>): void {
    const event = this.event(type, this.id, this.#seq++, payload);
    this.#past.push({ since: this.time.now(), state: evolve(this.state, event) });
    this.#say(event);
  }

  /** Of a call that this one has begun: what becomes of it is not simulated. */
  tellOf<const T extends CallScopedEvent['type']>(
    callId: string,
    seq: number,
    type: T,
    payload: Payload<T>,
  ): void {
    this.#say(this.event(type, callId, seq, payload));
  }

  private event(type: CallScopedEvent['type'], callId: string, seq: number, payload: object) {
    const envelope = {
      ...{ version: 1, id: this.newId(), type, callId, seq },
      time: new Date(this.time.now()).toISOString(),
      edge: { id: 'edge-1', region: 'local-1', epoch: this.#began },
    };
    return events[type].parse({ ...envelope, ...payload }) as CallScopedEvent;
  }

  receive(): void {
    const { from, to, trunk, agent } = this.options;
    const party = (number: string) => ({ uri: `sip:${number}@example.net`, number });
    this.tell('call.received', {
      ...{ trunk, from: party(from), to: party(to), sipCallId: `${this.id}@example.net` },
      source: { address: '192.0.2.1', port: 5060, transport: 'udp' },
      offer: { codecs: ['PCMU'], dtmf: true, encrypted: false },
    });
    const targets = [{ id: this.#target, uri: `sip:${agent}@example.net` }];
    this.tell('call.routed', { ...{ source: 'live', waitMs: 20, configVersion: 1, agent }, targets });
    this.tell('call.ringing', { target: this.#target, sipStatus: 180 });
  }

  answer(): void {
    this.#answeredAt = this.time.now();
    const setupMs = this.#answeredAt - this.#began;
    const codecs = { a: 'PCMU', b: 'PCMU' };
    this.tell('call.answered', { target: this.#target, setupMs, decisionMs: 20, codecs, transcoded: false });
    this.tell('media.started', { afterMs: 0 });
  }

  press(digit: string, leg: LegName): void {
    const digitId = this.newId();
    this.#digits += 1;
    const collecting = this.#commands.collectingFrom(leg);
    const secret = collecting?.command.secret === true;
    this.tell('dtmf.received', {
      ...{ digitId, leg, durationMs: 160, mode: 'rfc4733' },
      ...(secret ? {} : { digit }),
    });
    if (!secret) this.tell('dtmf.delivered', { digitId, leg: otherLeg(leg), digit, mode: 'rfc4733' });
    collecting?.hear({ id: digitId, digit });
  }

  end(reason: TerminationReason, detail?: string): void {
    if (this.#ended) return;
    this.#commands.close();
    this.#ended = true;
    const now = this.time.now();
    const { blame, sip } = terminations[reason];
    this.tell('call.ended', {
      ...{ reason, blame, sipStatus: sip, durationMs: now - this.#began },
      talkMs: this.#answeredAt === undefined ? 0 : now - this.#answeredAt,
      ...{ media: null, digits: { received: this.#digits, delivered: this.#digits, gap: 0 } },
      ...(detail === undefined ? {} : { detail }),
    });
  }

  take(command: Command): void {
    this.#commands.take(command);
  }

  get #target() {
    return `${this.options.agent}-1`;
  }
}
