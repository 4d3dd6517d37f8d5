import type { LegName } from '../../../contracts/events/call.ts';
import type { DigitMode } from '../../../contracts/events/dtmf.ts';
import { type DigitSide, type DigitWay, type InfoType, wayOn } from '../../../core/digit-way.ts';
import type { SeenDigit } from '../../ports.ts';
import type { Call } from '../call.ts';
import { occupantOf } from '../occupant.ts';
import type { Dialog } from '../sip.ts';
import { DigitCollections } from './collections.ts';
import { readInfo, writeInfo } from './info-body.ts';
import { KeysToAgent } from './keys-to-agent.ts';
import { DigitLedger, type LedgerDigit, otherLeg, type PressedDigit } from './ledger.ts';
import { takenBy } from './modes.ts';
import { DigitPlayer } from './player.ts';
import { SecretGate } from './secret-gate.ts';

/** A digit that a command asks for. */
interface SentDigit {
  readonly to: LegName;
  readonly digit: string;
  readonly durationMs: number;
  readonly gapMs: number;
  readonly commandId: string;
}

/** The digits of one call: where they come from, how they go on, and what became of each. */
export class CallDigits {
  readonly ledger: DigitLedger;
  readonly player: DigitPlayer;
  readonly gate: SecretGate;
  readonly collections: DigitCollections;
  readonly #call: Call;
  /** What is under way to each leg: one digit after the other, so that they come in the order in which they were pressed. */
  readonly #under: Record<LegName, Promise<void>> = { a: Promise.resolve(), b: Promise.resolve() };
  readonly #toAgent: Record<LegName, KeysToAgent>;
  #sides: Record<LegName, DigitSide> | undefined;

  constructor(call: Call) {
    this.#call = call;
    this.player = new DigitPlayer(call);
    this.gate = new SecretGate(call, (leg) => this.#takesInfo(otherLeg(leg)));
    this.collections = new DigitCollections(call, this.gate);
    this.ledger = new DigitLedger({
      say: call.say,
      clock: call.context.clock,
      trunkOf: (leg) => occupantOf(call, leg).trunk,
    });
    const { clock } = call.context;
    this.#toAgent = { a: new KeysToAgent(this.ledger, clock), b: new KeysToAgent(this.ledger, clock) };
  }

  /** Both legs are up; how each takes digits stands from now on, whatever becomes of the configuration. */
  begin(a: Dialog, b: Dialog): void {
    this.#sides = { a: this.#sideNow('a'), b: this.#sideNow('b') };
    a.onInfo((contentType, body) => this.#info('a', contentType, body));
    b.onInfo((contentType, body) => this.#info('b', contentType, body));
    for (const leg of ['a', 'b'] as const) if (this.#takesInfo(leg)) this.#withhold(otherLeg(leg));
  }

  /** Somebody else is on a leg now, for whom nothing is withheld at rtpengine yet. */
  changeSide(leg: LegName, dialog: Dialog): void {
    if (!this.#sides) return;
    const other = otherLeg(leg);
    const tookInfo = this.#takesInfo(leg);
    this.agentGone(leg);
    this.#sides = { ...this.#sides, [leg]: this.#sideNow(leg) };
    dialog.onInfo((contentType, body) => this.#info(leg, contentType, body));
    if (this.#takesInfo(other)) this.#withhold(leg);
    if (this.#takesInfo(leg)) this.#withhold(other);
    else if (tookInfo && !this.gate.isClosed(other)) this.gate.openSoon(other);
  }

  #sideNow(leg: LegName): DigitSide {
    return { takes: takenBy(this.#call, leg), events: this.#call.takesDigits[leg] };
  }

  /** How a leg takes digits, once the call is answered. */
  side(leg: LegName): DigitSide | undefined {
    return this.#sides?.[leg];
  }

  /** rtpengine saw a key on one leg, in packets or as tones, and has passed it on unless it is withheld. */
  heard(seen: SeenDigit): void {
    if (this.player.recognizes(seen)) return;
    const mode = this.#sides?.[seen.leg].takes === 'in-band' ? 'in-band' : 'rfc4733';
    this.#received({ ...seen, mode }, 'stream');
  }

  /** The gateway of the agent on this leg tells what became of a key. */
  agentSays(leg: LegName, word: Parameters<KeysToAgent['hear']>[0]): void {
    this.#toAgent[leg].hear(word);
  }

  /** The agent on this leg takes no keys any more. */
  agentGone(leg: LegName): void {
    this.#toAgent[leg].gone();
  }

  /** Only an agent over a WebSocket says what it has taken. */
  #agentOn(leg: LegName): KeysToAgent | undefined {
    return this.#call[leg]?.onAsk ? this.#toAgent[leg] : undefined;
  }

  /** Puts a digit of our own on its way to a leg, after all that goes there already. */
  send({ to, digit, durationMs, gapMs, commandId }: SentDigit, way: DigitWay): void {
    const id = this.#call.context.clock.newId();
    const sent = this.ledger.owe({ id, leg: otherLeg(to), digit, durationMs, commandId });
    this.#goOn(sent, way, gapMs);
  }

  /** The call says its last word next. */
  async close(): Promise<void> {
    await this.collections.close();
    this.ledger.close();
  }

  #takesInfo(leg: LegName): boolean {
    const takes = this.#sides?.[leg].takes;
    return takes === 'info' || takes === 'info-dtmf';
  }

  /** Gives the status for the INFO. */
  #info(leg: LegName, contentType: string, body: string): number {
    const said = readInfo(contentType, body);
    if (said === undefined) return body === '' ? 200 : 415;
    if (said === 'unreadable') return 400;
    const { type, digit, durationMs } = said;
    if (!this.#call.isOver) this.#received({ leg, digit, durationMs, mode: 'info' }, type);
    return 200;
  }

  /** A secret goes no further than to its collection. */
  #received(pressed: PressedDigit, came: 'stream' | InfoType): void {
    const { leg } = pressed;
    const isSecret = this.gate.isClosed(leg);
    const digit = this.ledger.receive(pressed, isSecret);
    if (this.#sides && !isSecret)
      this.#goOn(this.ledger.owe(digit), wayOn(came, this.#sides[leg], this.#sides[otherLeg(leg)]));
    this.collections.hear(digit);
  }

  #goOn(digit: LedgerDigit, way: DigitWay, gapMs?: number): void {
    const to = otherLeg(digit.leg);
    if (way.how === 'none') this.ledger.miss(digit, 'takes-no-digits');
    else if (way.how !== 'flows') void this.inTurn(to, () => this.#bring(digit, to, way, gapMs));
    // Who has hung up listens no more; from anybody else rtpengine has passed it on while the call was there.
    else if (this.#call.endedBy !== to) this.#passedOn(digit, to, way.mode);
  }

  #passedOn(digit: LedgerDigit, to: LegName, mode: DigitMode): void {
    const agent = this.#agentOn(to);
    if (agent) agent.expect(digit, mode);
    else this.ledger.deliver(digit, mode);
  }

  /** Runs after all that goes to this leg already. */
  inTurn(to: LegName, send: () => Promise<void>): Promise<void> {
    this.#under[to] = this.#under[to].then(async () => (this.#call.isOver ? undefined : send()));
    return this.#under[to];
  }

  async #bring(
    digit: LedgerDigit,
    to: LegName,
    way: Exclude<DigitWay, { how: 'flows' | 'none' }>,
    gapMs?: number,
  ) {
    if (way.how === 'info') {
      const body = writeInfo(way.type, digit.digit, digit.durationMs);
      const status = await this.#call[to]?.info(way.type, body);
      if (status !== undefined && status < 300) {
        this.ledger.deliver(digit, 'info');
        // The other side plays it for so long, and we were asked for so long a silence after it.
        return gapMs === undefined ? undefined : this.player.pause(digit.durationMs + gapMs);
      }
      if (way.orElse === 'none')
        return this.ledger.miss(digit, status === undefined ? 'info-unanswered' : 'info-refused');
    }
    const mode = way.how === 'play' ? way.mode : 'rfc4733';
    const agent = this.#agentOn(to);
    agent?.expect(digit, mode);
    const missed = await this.player.play(digit.digit, to, digit.durationMs, gapMs);
    if (missed) (agent ?? this.ledger).miss(digit, missed);
    else if (!agent) this.ledger.deliver(digit, mode);
  }

  /** Who takes digits as INFO gets no packets of them besides: each would be heard twice. */
  #withhold(from: LegName): void {
    this.#call.media?.digits.withhold(from).catch((error: unknown) => {
      this.#call.context.logger.warn(
        { callId: this.#call.id, leg: from, err: error },
        'RFC 4733 goes beside INFO',
      );
    });
  }
}
