import { randomInt } from 'node:crypto';
import type { MediaListener, MediaSession, MediaStats } from '../ports.ts';
import { type AgentAudio, createAgentAudio } from './agent-audio.ts';
import { IncomingDigits } from './incoming-digits.ts';
import type { MediaOptions } from './open-media.ts';
import { isKey } from './outgoing-digit.ts';
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
  readonly #counts = { sent: 0, silence: 0, digitsReceived: 0, digitsSent: 0, strange: 0 };

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
      ...{ silence: () => this.#offered.codec.silence, maxMs: maxQueueMs },
      onMark: (name, played) => listener.mark(name, played),
      onDigitSent: () => {
        this.#counts.digitsSent += 1;
      },
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
    const [former, offered] = [this.#offered.codec, readOffer(sdp)];
    if (offered.codec !== former)
      this.#playout.translate((bytes) => offered.codec.encode(former.decode(bytes)));
    this.#offered = offered;
    this.#version += 1;
    return this.answer;
  }

  play(audio: Uint8Array): 'queued' | 'full' {
    return this.#playout.play(this.#audio.fromAgent(audio)) ? 'queued' : 'full';
  }

  mark(name: string): void {
    this.#playout.mark(name);
  }

  clear(): void {
    this.#playout.clear();
  }

  sendDigits(keys: string, durationMs: number): void {
    this.#playout.press([...keys].filter(isKey), durationMs);
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
    const outgoing = this.#playout.next();
    const { codec, digits, listens, port, address } = this.#offered;
    const { socket, ssrc, clock } = this.#options;
    this.#timestamp = (this.#timestamp + FRAME) >>> 0;
    if (outgoing.kind === 'digit' && outgoing.marker) this.#pressedAt = this.#timestamp;
    const payloadType = outgoing.kind === 'digit' ? digits : codec.payloadType;
    // A caller on hold wants nothing; time goes on all the same.
    if (!listens || payloadType === undefined) return;
    this.#sequence = (this.#sequence + 1) & 0xffff;
    const timestamp = outgoing.kind === 'digit' ? this.#pressedAt : this.#timestamp;
    const marker = outgoing.kind === 'digit' ? outgoing.marker : this.#isFirst;
    this.#isFirst = false;
    const { payload } = outgoing;
    socket.send(
      writeRtp({ payloadType, marker, sequence: this.#sequence, timestamp, ssrc, payload }),
      port,
      address,
    );
    this.#counts.sent += 1;
    if (outgoing.kind === 'audio' && outgoing.isSilence) this.#counts.silence += 1;
    this.#pacing.add(clock.now() - dueMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unpace();
    this.#audio[Symbol.dispose]();
    this.#voice[Symbol.dispose]();
    await this.#options.socket[Symbol.asyncDispose]();
  }
}
