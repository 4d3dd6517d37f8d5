import type { AudioFormat } from '../ports.ts';
import { type G711, pcmu } from './g711.ts';
import { FLUSH_MS, lendResampler } from './resampler.ts';

/** Between frames of 20 ms at 8 kHz, as the telephone has them, and frames in the format of an agent. */
export interface AgentAudio extends Disposable {
  /** Bytes of 20 ms. */
  readonly frameBytes: number;
  /** The byte of silence. */
  readonly silence: number;
  toAgent(frame: Int16Array): Uint8Array;
  /** One frame, as 160 bytes in the caller's codec of the moment. `isSilence`: there is nothing in it but silence. */
  fromAgent(frame: Uint8Array, isSilence: boolean): Uint8Array;
  /** What came from the agent until now is heard no more, not even what a filter still holds of it. */
  cut(): void;
  /** Nothing in it is loud enough to be missed. */
  isQuiet(audio: Uint8Array): boolean;
}

/** Of 32,768: 47 dB below full scale, where the noise of rooms and codecs lies. */
const QUIET = 150;

const FRAME_MS = 20;

export function createAgentAudio({ encoding, rate }: AudioFormat, caller: () => G711): AgentAudio {
  return encoding === 'mulaw' ? mulawAudio(caller) : pcmAudio(rate, caller);
}

function mulawAudio(caller: () => G711): AgentAudio {
  return {
    ...{ frameBytes: 160, silence: pcmu.silence },
    toAgent: (frame) => pcmu.encode(frame),
    fromAgent: (frame) => (caller() === pcmu ? frame : caller().encode(pcmu.decode(frame))),
    cut() {},
    isQuiet: (audio) => isQuiet(pcmu.decode(audio)),
    [Symbol.dispose]() {},
  };
}

function pcmAudio(rate: AudioFormat['rate'], caller: () => G711): AgentAudio {
  const [up, down] = [lendResampler(8_000, rate), lendResampler(rate, 8_000)];
  /** Frames of silence in a row: once the filter holds nothing else, it need not be asked. */
  let silent = 0;
  const isEmpty = () => silent * FRAME_MS >= FLUSH_MS;
  return {
    ...{ frameBytes: rate / 25, silence: 0 },
    toAgent(frame) {
      const { buffer, byteOffset, byteLength } = up.process(frame);
      return new Uint8Array(buffer, byteOffset, byteLength);
    },
    fromAgent(frame, isSilence) {
      if (isSilence && isEmpty()) return new Uint8Array(160).fill(caller().silence);
      silent = isSilence ? silent + 1 : 0;
      return caller().encode(down.process(samplesOf(frame)));
    },
    cut() {
      if (!isEmpty()) down.flush();
      silent = FLUSH_MS / FRAME_MS;
    },
    isQuiet: (audio) => isQuiet(samplesOf(audio)),
    [Symbol.dispose]() {
      up.release();
      down.release();
    },
  };
}

const isQuiet = (samples: Int16Array) => samples.every((sample) => Math.abs(sample) < QUIET);

/** Little endian, as this machine has it; a copy where the bytes do not lie on an even place. */
function samplesOf(audio: Uint8Array): Int16Array {
  const even = audio.byteOffset % 2 === 0 ? audio : new Uint8Array(audio);
  return new Int16Array(even.buffer, even.byteOffset, even.byteLength >> 1);
}
