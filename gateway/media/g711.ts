import { createRequire } from 'node:module';

/** Its exports cannot be named from outside CommonJS. */
const { alaw, mulaw } = createRequire(import.meta.url)('alawmulaw') as typeof import('alawmulaw');

/** ITU-T G.711: one byte a sample, 8,000 samples a second. */
export interface G711 {
  readonly name: 'PCMU' | 'PCMA';
  /** RFC 3551 section 6. */
  readonly payloadType: 0 | 8;
  /** The byte of silence. */
  readonly silence: number;
  decode(bytes: Uint8Array): Int16Array;
  encode(samples: Int16Array): Uint8Array;
}

/** Tables, since each byte and each sample is looked up 8,000 times a second in both directions of every call. */
function tabled(
  name: G711['name'],
  payloadType: G711['payloadType'],
  law: { decodeSample(byte: number): number; encodeSample(sample: number): number },
): G711 {
  const samples = Int16Array.from({ length: 256 }, (_, byte) => law.decodeSample(byte));
  const bytes = Uint8Array.from({ length: 65_536 }, (_, index) => law.encodeSample((index << 16) >> 16));
  return {
    ...{ name, payloadType, silence: bytes[0] ?? 0 },
    decode(coded) {
      const decoded = new Int16Array(coded.length);
      for (let at = 0; at < coded.length; at += 1) decoded[at] = samples[coded[at] ?? 0] ?? 0;
      return decoded;
    },
    encode(plain) {
      const coded = new Uint8Array(plain.length);
      for (let at = 0; at < plain.length; at += 1) coded[at] = bytes[(plain[at] ?? 0) & 0xffff] ?? 0;
      return coded;
    },
  };
}

export const pcmu = tabled('PCMU', 0, mulaw);
export const pcma = tabled('PCMA', 8, alaw);
