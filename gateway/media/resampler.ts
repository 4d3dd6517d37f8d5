import { createRequire } from 'node:module';

/** Its default export is one of CommonJS, which loaders hand over in different ways. */
const { default: SpeexResampler } = createRequire(import.meta.url)(
  'speex-resampler',
) as typeof import('speex-resampler');
type SpeexResampler = InstanceType<typeof SpeexResampler>;

/** Hz. */
type Rate = 8_000 | 16_000 | 24_000;

/** Speech does not hear the difference to the best one, 10, which costs twice as much. */
const QUALITY = 5;

/** Longer than the library's filter at this quality: what a call leaves in it is pushed out. */
export const FLUSH_MS = 40;

/** The library never gives back what it allocates: a resampler is lent to one call after the other. */
const idle = new Map<string, SpeexResampler[]>();

export interface Resampler {
  /**
   * A stream in frames of whole milliseconds, of which each gives as many; what comes out lags by the filter's few ms. Of a piece that gives
   * a fraction of a sample the library drops what it has not read, which is heard as a crackle.
   */
  process(frame: Int16Array): Int16Array;
  /** Pushes out what it holds. */
  flush(): void;
  /** Gives it back, with nothing left in it of what it heard. */
  release(): void;
}

const bytesOf = (samples: Int16Array) => Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);

/** To be awaited once in a thread before the first resampler is lent. */
export const resamplersReady: Promise<unknown> = SpeexResampler.initPromise;

export function lendResampler(from: Rate, to: Rate): Resampler {
  if (from === to) return { process: (frame) => frame, flush() {}, release() {} };
  const key = `${from}>${to}`;
  const free = idle.get(key) ?? [];
  idle.set(key, free);
  const own = free.pop() ?? new SpeexResampler(1, from, to, QUALITY);
  const flush = () => void own.processChunk(Buffer.alloc((from / 1_000) * FLUSH_MS * 2));
  return {
    process(frame) {
      const out = own.processChunk(bytesOf(frame));
      return new Int16Array(out.buffer, out.byteOffset, out.byteLength >> 1);
    },
    flush,
    release() {
      flush();
      free.push(own);
    },
  };
}
