import { randomInt } from 'node:crypto';
import type { MediaListener, MediaSession, MediaStats, Taken } from '../ports.ts';
import { type AgentAudio, createAgentAudio } from './agent-audio.ts';
import { IncomingDigits } from './incoming-digits.ts';
import type { MediaOptions } from './open-media.ts';
import { type DigitPacket, isKey } from './outgoing-digit.ts';
import { FRAME_MS } from './pacer.ts';
import { Pacing } from './pacing.ts';
import { Playout } from './playout.ts';
import { FRAME, ReceiveBuffer } from './receive-buffer.ts';
import { readRtp, writeRtp } from './rtp-packet.ts';
import { type Offered, readOffer, writeAnswer } from './rtp-sdp.ts';
import type { RtpSocket } from './rtp-socket.ts';
import { createVoiceActivity, type VoiceActivity } from './voice-activity.ts';

export interface CallOptions extends Omit<MediaOptions, 'offer' | 'ports'> {
  readonly offered: Offered;
  readonly socket: RtpSocket;
  readonly ssrc: number;
  readonly sessionId: number;
}

/** RFC 5761 section 4: what lies there is RTCP. */
const isRtcp = (bytes: Buffer) => bytes.length > 1 && bytes.readUInt8(1) >= 192 && bytes.readUInt8(1) <= 223;

/** The audio of one call. */
export class Call implements MediaSession {
  readonly #options: CallOptions;
  readonly #listener: MediaListener;
  readonly #audio: AgentAudio;
  readonly #voice: VoiceActivity;
  readonly #received: ReceiveBuffer;
  readonly #playout: Playout;
  readonly #pacing = new Pacing();
  readonly #unpace: () => void;
  #digits = new IncomingDigits();
  #offered: Offered;
  #version = 1;
  #framesToAgent = 0;
  #sequence = randomInt(2 ** 15);
  #timestamp = randomInt(2 ** 31);
  /** Of the key that is being sent: all its packets have the one with which it began. */
  #pressedAt = 0;
  #isFirst = true;
  #heardAt: number;
  #isSilent = false;
  #hasFailed = false;
  readonly #counts = { sent: 0, silence: 0, digitsReceived: 0, digitsSent: 0, digitsNotSent: 0, strange: 0 };

  constructor(options: CallOptions) {
    const { offered, listener, format, maxQueueMs, clock, socket, pacer } = options;
    this.#options = options;
    this.#listener = listener;
    this.#offered = offered;
    this.#heardAt = clock.now();
    this.#audio = createAgentAudio(format, () => this.#offered.codec);
    this.#voice = createVoiceActivity();
    this.#received = new ReceiveBuffer((frame) => this.#hear(frame));
    this.#playout = new Playout({
      ...{ frameBytes: this.#audio.frameBytes, silence: this.#audio.silence, maxMs: maxQueueMs },
      isQuiet: (audio) => this.#audio.isQuiet(audio),
      onMark: (name, played) => listener.mark(name, played),
    });
    socket.onPacket((bytes, from) => {
      if (from.port === this.#offered.port && from.address === this.#offered.address)
        this.#safely(() => this.#take(bytes));
      else this.#counts.strange += 1;
    });
    this.#unpace = pacer.add((due) => this.#safely(() => this.#beat(due)));
  }

  get answer(): string {
    const { address, socket, sessionId } = this.#options;
    return writeAnswer(this.#offered, { address, port: socket.port, sessionId, version: this.#version });
  }

  reoffer(sdp: string): string {
    this.#offered = readOffer(sdp);
    this.#version += 1;
    return this.answer;
  }

  play(audio: Uint8Array): Taken {
    // Of an agent that streams on while nobody hears it, silence would be the delay afterwards.
    if (!this.#offered.listens && this.#audio.isQuiet(audio)) return 'queued';
    return this.#playout.play(audio);
  }

  mark(name: string): Taken {
    return this.#playout.mark(name);
  }

  clear(): void {
    this.#playout.clear();
    this.#audio.cut();
  }

  sendDigits(keys: string, durationMs: number): Taken | 'no-telephone-event' {
    if (this.#offered.digits === undefined) return 'no-telephone-event';
    return this.#playout.press([...keys].filter(isKey), durationMs);
  }

  stats(): MediaStats {
    const { counts, lost } = this.#received;
    return {
      packetsReceived: counts.received,
      packetsLost: lost,
      packetsLate: counts.late,
      packetsReordered: counts.reordered,
      framesConcealed: counts.concealed,
      framesSent: this.#counts.sent,
      framesOfSilence: this.#counts.silence,
      queuedMs: this.#playout.queuedMs,
      digitsReceived: this.#counts.digitsReceived,
      digitsSent: this.#counts.digitsSent,
      digitsNotSent: this.#counts.digitsNotSent,
      packetsOfStrangers: this.#counts.strange,
      leftOutMs: { toAgent: counts.leftOutMs, toCaller: this.#playout.leftOutMs },
      jitterMs: counts.jitter / 8,
      pacingErrorMs: this.#pacing.read(),
    };
  }

  /** What is thrown further would end the thread with every call in it. */
  #safely(act: () => void): void {
    if (this.#hasFailed) return;
    try {
      act();
    } catch (error) {
      this.#hasFailed = true;
      this.#listener.failed(error);
    }
  }

  #take(bytes: Buffer): void {
    if (isRtcp(bytes)) return;
    const packet = readRtp(bytes);
    if (!packet) return;
    const { codec, digits } = this.#offered;
    const now = this.#options.clock.now();
    if (packet.payloadType === codec.payloadType)
      this.#received.push(packet, codec.decode(packet.payload), now);
    else if (packet.payloadType === digits) {
      this.#received.passBy(packet);
      this.#press(this.#digits.take(packet));
    } else return;
    this.#heardAt = now;
    if (!this.#isSilent) return;
    this.#isSilent = false;
    this.#listener.silence('resumed');
  }

  #press(key: string | undefined): void {
    if (key === undefined) return;
    this.#counts.digitsReceived += 1;
    this.#listener.digit(key);
  }

  #hear(frame: Int16Array): void {
    const change = this.#voice.hear(frame);
    if (change) this.#listener.speech(change);
    this.#listener.audio(this.#audio.toAgent(frame), this.#framesToAgent * FRAME_MS);
    this.#framesToAgent += 1;
  }

  #beat(dueMs: number): void {
    const { clock, silenceMs } = this.#options;
    const now = clock.now();
    this.#received.tick(now);
    this.#send(dueMs);
    if (this.#isSilent || !this.#offered.speaks || now - this.#heardAt < silenceMs) return;
    this.#isSilent = true;
    this.#listener.silence('started');
  }

  #send(dueMs: number): void {
    // Time goes on for a caller on hold; what is queued waits until somebody hears it.
    this.#timestamp = (this.#timestamp + FRAME) >>> 0;
    if (!this.#offered.listens) return;
    const outgoing = this.#playout.next();
    if (outgoing.kind === 'digit') this.#sendDigit(outgoing);
    else {
      const payload = this.#audio.fromAgent(outgoing.frame, outgoing.isSilence);
      this.#sendPacket(this.#offered.codec.payloadType, this.#isFirst, this.#timestamp, payload);
      if (outgoing.isSilence) this.#counts.silence += 1;
    }
    this.#pacing.add(this.#options.clock.now() - dueMs);
  }

  #sendDigit({ marker, payload, isLast }: DigitPacket): void {
    const { digits } = this.#offered;
    if (marker) this.#pressedAt = this.#timestamp;
    if (digits !== undefined) this.#sendPacket(digits, marker, this.#pressedAt, payload);
    if (isLast) this.#counts[digits === undefined ? 'digitsNotSent' : 'digitsSent'] += 1;
  }

  #sendPacket(payloadType: number, marker: boolean, timestamp: number, payload: Uint8Array): void {
    const { socket, ssrc } = this.#options;
    const { port, address } = this.#offered;
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#isFirst = false;
    socket.send(
      writeRtp({ payloadType, marker, sequence: this.#sequence, timestamp, ssrc, payload }),
      port,
      address,
    );
    this.#counts.sent += 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unpace();
    this.#audio[Symbol.dispose]();
    this.#voice[Symbol.dispose]();
    await this.#options.socket[Symbol.asyncDispose]();
  }
}
