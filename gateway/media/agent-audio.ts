import type { AudioFormat } from '../ports.ts';
import { type G711, pcmu } from './g711.ts';
import { lendResampler } from './resampler.ts';

/** Between samples at 8 kHz, as the telephone has them, and the format of an agent. */
export interface AgentAudio extends Disposable {
  toAgent(samples: Int16Array): Uint8Array;
  /** A whole number of samples, ready to be sent to the caller. */
  fromAgent(audio: Uint8Array): Uint8Array;
}

export function createAgentAudio({ encoding, rate }: AudioFormat, caller: () => G711): AgentAudio {
  if (encoding === 'mulaw')
    return {
      toAgent: (samples) => pcmu.encode(samples),
      fromAgent: (audio) => (caller() === pcmu ? audio : caller().encode(pcmu.decode(audio))),
      [Symbol.dispose]() {},
    };
  const [up, down] = [lendResampler(8_000, rate), lendResampler(rate, 8_000)];
  return {
    toAgent(samples) {
      const { buffer, byteOffset, byteLength } = up.process(samples);
      return new Uint8Array(buffer, byteOffset, byteLength);
    },
    fromAgent: (audio) => caller().encode(down.process(samplesOf(audio))),
    [Symbol.dispose]() {
      up.release();
      down.release();
    },
  };
}

/** Little endian, as this machine has it; a copy where the bytes do not lie on an even place. */
function samplesOf(audio: Uint8Array): Int16Array {
  const even = audio.byteOffset % 2 === 0 ? audio : new Uint8Array(audio);
  return new Int16Array(even.buffer, even.byteOffset, even.byteLength >> 1);
}
