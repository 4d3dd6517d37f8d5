import type { CommandOf } from '../../../contracts/commands.ts';
import type { LegName } from '../../../contracts/events/call.ts';
import {
  type Collected,
  type Collecting,
  type CollectionStep,
  dueAt,
  hearDigit,
  passTime,
  startCollecting,
} from '../../../core/collect-digits.ts';
import type { Payload } from '../../ports.ts';
import type { Call } from '../call.ts';
import type { EncryptJson } from './encrypt-for.ts';
import type { LedgerDigit } from './ledger.ts';
import type { SecretGate } from './secret-gate.ts';

type CollectCommand = CommandOf<'call.collect'>;

type CollectedResult = Omit<Payload<'dtmf.collected'>, 'collectionId' | 'leg' | 'name'>;

interface Running {
  readonly command: CollectCommand;
  /** For a secret. */
  readonly encrypt: EncryptJson | undefined;
  state: Collecting;
  stopTimer: () => void;
}

/** What is asked of the two sides of a call: at most one collection for each. */
export class DigitCollections {
  readonly #call: Call;
  readonly #gate: SecretGate;
  readonly #running = new Map<LegName, Running>();
  /** Results that are being encrypted. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(call: Call, gate: SecretGate) {
    this.#call = call;
    this.#gate = gate;
  }

  isRunning(leg: LegName): boolean {
    return this.#running.has(leg);
  }

  begin(command: CollectCommand, encrypt: EncryptJson | undefined): void {
    const state = startCollecting(command, this.#now());
    const running: Running = { command, encrypt, state, stopTimer: () => {} };
    this.#running.set(command.leg, running);
    this.#waitFor(running);
  }

  hear(digit: LedgerDigit): void {
    const running = this.#running.get(digit.leg);
    if (running) this.#take(running, hearDigit(running.state, digit, this.#now()));
  }

  /** The call says its last word next. */
  async close(): Promise<void> {
    for (const running of this.#running.values()) {
      const { attempt } = running.state;
      this.#end(running, { outcome: 'failed', reason: 'call-ended', attempts: attempt });
    }
    await Promise.all(this.#leaving);
  }

  #take(running: Running, step: CollectionStep): void {
    running.stopTimer();
    if ('over' in step) this.#end(running, step.over);
    else {
      running.state = step.next;
      this.#waitFor(running);
    }
  }

  #waitFor(running: Running): void {
    const wait = Math.max(0, dueAt(running.state) - this.#now());
    running.stopTimer = this.#call.after(wait, () =>
      this.#take(running, passTime(running.state, Math.max(this.#now(), dueAt(running.state)))),
    );
  }

  #end(running: Running, collected: Collected): void {
    const { command, encrypt } = running;
    running.stopTimer();
    this.#running.delete(command.leg);
    if (command.secret && !this.#call.isOver) this.#gate.openSoon(command.leg);
    if (collected.outcome !== 'complete' || !command.secret) this.#say(command, collected);
    else {
      const leaving = this.#leave(command, collected, encrypt);
      this.#leaving.add(leaving);
      void leaving.finally(() => this.#leaving.delete(leaving));
    }
  }

  async #leave(
    command: CollectCommand,
    { digits, ...over }: Extract<Collected, { outcome: 'complete' }>,
    encrypt: EncryptJson | undefined,
  ): Promise<void> {
    this.#say(command, { ...over, ...(await this.#encrypted(command, digits, encrypt)) });
  }

  async #encrypted({ collectionId, key }: CollectCommand, digits: string, encrypt: EncryptJson | undefined) {
    const { id, context } = this.#call;
    try {
      if (!encrypt) throw new Error('there is no key');
      return { encrypted: await encrypt({ callId: id, collectionId, digits }) };
    } catch {
      // What went wrong may name what was to be encrypted.
      context.logger.error({ callId: id, collectionId, key }, 'collected digits could not be encrypted');
      return { outcome: 'failed', reason: 'not-encrypted' } as const;
    }
  }

  #say({ collectionId, leg, name }: CollectCommand, result: CollectedResult): void {
    const about = { collectionId, leg, ...(name === undefined ? {} : { name }) };
    this.#call.say('dtmf.collected', { ...about, ...result }, { urgent: true });
  }

  #now(): number {
    return this.#call.context.clock.monotonic();
  }
}
