/** An RTP packet (RFC 3550 section 5.1), as far as a receiver of one source needs it. */
export interface RtpPacket {
  readonly payloadType: number;
  readonly marker: boolean;
  /** 16 bits. */
  readonly sequence: number;
  /** 32 bits, in samples. */
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payload: Uint8Array;
}

const HEADER = 12;

/** Undefined for what is no RTP packet: too short, another version, an extension or padding that is not there. */
export function readRtp(bytes: Buffer): RtpPacket | undefined {
  if (bytes.length < HEADER || (bytes.readUInt8(0) & 0xc0) !== 0x80) return undefined;
  const [first, second] = [bytes.readUInt8(0), bytes.readUInt8(1)];
  let start = HEADER + 4 * (first & 0x0f);
  if ((first & 0x10) !== 0) {
    if (bytes.length < start + 4) return undefined;
    start += 4 + 4 * bytes.readUInt16BE(start + 2);
  }
  const padding = (first & 0x20) === 0 ? 0 : (bytes.at(-1) ?? 0);
  const end = bytes.length - padding;
  if (((first & 0x20) !== 0 && padding === 0) || end < start) return undefined;
  return {
    payloadType: second & 0x7f,
    marker: (second & 0x80) !== 0,
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    ssrc: bytes.readUInt32BE(8),
    payload: bytes.subarray(start, end),
  };
}

export function writeRtp({ payloadType, marker, sequence, timestamp, ssrc, payload }: RtpPacket): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER + payload.length);
  bytes.writeUInt8(0x80, 0);
  bytes.writeUInt8((marker ? 0x80 : 0) | payloadType, 1);
  bytes.writeUInt16BE(sequence & 0xffff, 2);
  bytes.writeUInt32BE(timestamp >>> 0, 4);
  bytes.writeUInt32BE(ssrc >>> 0, 8);
  bytes.set(payload, HEADER);
  return bytes;
}

/** How far `later` is after `earlier` in numbers of 32 bits that wrap; negative where it is before. */
export const distance32 = (earlier: number, later: number): number => (later - earlier) | 0;

/** The same for 16 bits. */
export const distance16 = (earlier: number, later: number): number => ((later - earlier) << 16) >> 16;
