import type { Command, CommandOf, CommandType, Destination } from '../../contracts/commands.ts';
import type { LegName } from '../../contracts/events/call.ts';
import type { Collected } from '../../core/collect-digits.ts';
import { refusalOf } from './command-rules.ts';
import type { SimulatedCall } from './simulated-call.ts';
import { type SimulatedCollection, startCollection } from './simulated-collection.ts';

/** Stands for digits that only the holder of a key can read. */
const ENCRYPTED = 'e30.e30.e30.e30.e30';

/** The edge says what these do before it says that they are applied. */
const toldFirst: ReadonlySet<CommandType> = new Set([
  'call.hold',
  'call.originate',
  'call.play',
  'call.resume',
  'call.stop',
  'call.update-media',
]);

/** What commands do to a call, by the rules of the edge. */
export class SimulatedCommands {
  readonly #call: SimulatedCall;
  readonly #known = new Set<string>();
  readonly #begun = new Set<string>();
  readonly #held: Record<LegName, boolean> = { a: false, b: false };
  readonly #collecting = new Map<LegName, SimulatedCollection>();
  readonly #codecs: Record<LegName, string> = { a: 'PCMU', b: 'PCMU' };
  #playing: { readonly end: (how: 'stopped' | 'replaced') => void } | undefined;
  #isTransferring = false;

  constructor(call: SimulatedCall) {
    this.#call = call;
  }

  collectingFrom(leg: LegName): SimulatedCollection | undefined {
    return this.#collecting.get(leg);
  }

  /** The call ends: what is asked for has failed. */
  close(): void {
    for (const collection of [...this.#collecting.values()]) collection.end();
  }

  /** As the platform takes it: once for each id, refused with a reason where it means nothing now. */
  take(command: Command): void {
    if (this.#known.has(command.id)) return;
    this.#known.add(command.id);
    const about = { commandId: command.id, command: command.type };
    const refusal = refusalOf(command, this.#state());
    if (refusal) {
      this.#call.tell('command.refused', { ...about, ...refusal });
      return;
    }
    const isFirst = toldFirst.has(command.type);
    if (isFirst) this.#apply(command);
    if (command.type === 'call.originate') this.#call.tellOf(command.callId, 1, 'command.applied', about);
    else this.#call.tell('command.applied', about);
    if (!isFirst) this.#apply(command);
  }

  #state() {
    const { id, time, isUp, isOver } = this.#call;
    return {
      ...{ callId: id, now: time.now(), isAnswered: isUp, isOver, held: this.#held, begun: this.#begun },
      ...{ isPlaying: this.#playing !== undefined, isTransferring: this.#isTransferring },
      collecting: { a: this.#collecting.has('a'), b: this.#collecting.has('b') },
    };
  }

  #apply(command: Command): void {
    const call = this.#call;
    if (command.type === 'call.hangup') call.end('hung-up-by-command', command.reason);
    if (command.type === 'call.reject') call.end('rejected-by-command');
    if (command.type === 'call.hold') this.#hold(command);
    if (command.type === 'call.resume') this.#resume(command);
    if (command.type === 'call.play') this.#play(command);
    if (command.type === 'call.stop') this.#playing?.end('stopped');
    if (command.type === 'call.collect') this.#collect(command);
    if (command.type === 'call.transfer') this.#transfer(command);
    if (command.type === 'call.send-dtmf') this.#send(command);
    if (command.type === 'call.update-media') this.#updateMedia(command);
    if (command.type === 'call.originate') this.#originate(command);
  }

  #hold({ leg }: CommandOf<'call.hold'>): void {
    this.#held[leg] = true;
    this.#call.tell('call.held', { leg, by: 'command', direction: 'recvonly' });
  }

  #resume({ leg }: CommandOf<'call.resume'>): void {
    this.#held[leg] = false;
    this.#call.tell('call.resumed', { leg, by: 'command' });
  }

  #play({ id: commandId, file, to, times }: CommandOf<'call.play'>): void {
    const { time, options } = this.#call;
    this.#playing?.end('replaced');
    const began = time.now();
    const end = (ended: 'finished' | 'stopped' | 'replaced') => {
      cancel();
      this.#playing = undefined;
      if (!this.#call.isOver)
        this.#call.tell('media.played', { commandId, file, to, playedMs: time.now() - began, ended });
    };
    const length = (options.recordings[file] ?? 3_000) * times;
    // Zero times is without an end.
    const cancel = times === 0 ? () => {} : time.after(length, () => end('finished'));
    this.#playing = { end };
  }

  #collect(command: CommandOf<'call.collect'>): void {
    const collection = startCollection(this.#call.time, command, (over) => {
      this.#collecting.delete(command.leg);
      this.#collected(command, over);
    });
    this.#collecting.set(command.leg, collection);
  }

  #collected({ collectionId, leg, name, secret }: CommandOf<'call.collect'>, over: Collected): void {
    const found = secret
      ? { encrypted: ENCRYPTED }
      : { digits: over.outcome === 'complete' ? over.digits : '' };
    this.#call.tell('dtmf.collected', {
      ...{ collectionId, leg, attempts: over.attempts, outcome: over.outcome },
      ...(name === undefined ? {} : { name }),
      ...(over.outcome === 'complete' ? found : { reason: over.reason }),
    });
  }

  #transfer({ to, kind }: CommandOf<'call.transfer'>): void {
    const call = this.#call;
    const [target = ''] = Object.values(to);
    const about = { transferId: call.newId(), kind, by: 'command' as const, target };
    this.#isTransferring = true;
    call.tell('call.transferring', about);
    const outcome = call.options.transferTo(to);
    call.time.after(call.options.ringMs, () => {
      this.#isTransferring = false;
      if (call.isOver) return;
      const detail = `the target answered ${outcome}`;
      if (outcome === 'answered') call.tell('call.transferred', about);
      else call.tell('call.transfer-failed', { ...about, sipStatus: outcome, failedBy: 'target', detail });
    });
  }

  #send({ id: commandId, leg, digits, durationMs, gapMs }: CommandOf<'call.send-dtmf'>): void {
    const call = this.#call;
    let at = 0;
    for (const digit of digits) {
      at += digit === ',' ? 1_000 : durationMs + gapMs;
      if (digit === ',') continue;
      call.time.after(at, () => {
        const digitId = call.newId();
        if (!call.isOver) call.tell('dtmf.delivered', { digitId, commandId, leg, digit, mode: 'rfc4733' });
      });
    }
  }

  /** The best codec that is asked for is taken. */
  #updateMedia({ leg, codecs }: CommandOf<'call.update-media'>): void {
    this.#codecs[leg] = codecs?.[0] ?? this.#codecs[leg];
    const now = { ...this.#codecs };
    this.#call.tell('call.media-changed', {
      ...{ leg, cause: 'command', codecs: now, transcoded: now.a !== now.b, relayed: false },
    });
  }

  #originate({ id: commandId, callId, to, connect, from }: CommandOf<'call.originate'>): void {
    this.#begun.add(callId);
    const number = from ?? this.#call.options.to;
    this.#call.tellOf(callId, 0, 'call.originated', {
      commandId,
      from: { uri: `sip:${number}@example.net`, number },
      to: { uri: 'uri' in to ? to.uri : `sip:${nameOf(to)}@example.net`, number: nameOf(to) },
      connect: nameOf(connect),
    });
  }
}

const nameOf = (destination: Destination): string => Object.values(destination)[0] ?? '';
