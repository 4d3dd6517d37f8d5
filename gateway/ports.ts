/** The audio that an agent's dialect asks for. Frames are 20 ms: 160 bytes of G.711 mu-law at 8 kHz, or 2 x rate / 50 bytes of PCM16 little endian. */
export interface AudioFormat {
  readonly encoding: 'mulaw' | 'pcm16le';
  readonly rate: 8000 | 16000 | 24000;
}

/** `full`: nothing was taken, as many wait as may. */
export type Taken = 'queued' | 'full';

/** What one call's media tells, as it happens, on the thread that opened it. */
export interface MediaListener {
  /** 20 ms of the caller, decoded, put in order, concealed where lost, in the agent's format. `timestampMs` counts from the first frame. */
  audio(frame: Uint8Array, timestampMs: number): void;
  /** A key the caller pressed (RFC 4733), once each, when its first packet came. */
  digit(key: string): void;
  /** The audio queued before this mark was really sent, or `clear` threw it away. */
  mark(name: string, played: boolean): void;
  speech(change: 'started' | 'stopped'): void;
  /** No RTP from the caller for `ms`; told once, `resumed` when it comes back. */
  silence(change: 'started' | 'resumed'): void;
  /** A bug: nothing more comes of this call, and others go on. */
  failed(error: unknown): void;
}

/** One call's audio: RTP on one side, frames in the agent's format on the other. */
export interface MediaSession extends AsyncDisposable {
  /** SDP answer to the offer this was opened with. */
  readonly answer: string;
  /** Queues audio of any whole number of samples. While the caller listens to nothing (hold) all that is queued waits, and silence is no audio. */
  play(audio: Uint8Array): Taken;
  mark(name: string): Taken;
  /** Empties the queue but for keys; the next frame sent is silence. Marks come back at once with `played: false`. */
  clear(): void;
  /** Sends keys as RFC 4733 after what is queued now. `no-telephone-event`: the caller's side has not offered to take any. */
  sendDigits(keys: string, durationMs: number): Taken | 'no-telephone-event';
  /** A new offer (address, direction, codec); resolves to its answer. */
  reoffer(sdp: string): string;
  stats(): MediaStats;
}

export interface MediaStats {
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly packetsLate: number;
  readonly packetsReordered: number;
  readonly framesConcealed: number;
  readonly framesSent: number;
  readonly framesOfSilence: number;
  readonly queuedMs: number;
  readonly digitsReceived: number;
  readonly digitsSent: number;
  /** Queued, and then the caller's side took no telephone-event any more. */
  readonly digitsNotSent: number;
  /** RTP to the call's port from elsewhere than the offer says, which nobody heard. */
  readonly packetsOfStrangers: number;
  /** Quiet audio that was left out so that delay does not stay: of the caller, and of the agent. */
  readonly leftOutMs: { readonly toAgent: number; readonly toCaller: number };
  /** Interarrival jitter, ms (RFC 3550 section 6.4.1). */
  readonly jitterMs: number;
  /** Milliseconds by which the frames of the last ten to twenty seconds missed their moment. */
  readonly pacingErrorMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** Time that never goes back, ms, and timers on it. */
export interface MonotonicClock {
  now(): number;
  /** Runs `then` once after `ms`; the returned function cancels it. */
  after(ms: number, then: () => void): () => void;
}
