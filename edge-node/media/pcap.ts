/** One RTP packet of a capture. */
export interface CapturedRtp {
  /** Capture time, ms. */
  readonly at: number;
  /** UDP port at which rtpengine received it. */
  readonly port: number;
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const UDP = 17;
const LINKTYPE_RAW = 101;
const LINKTYPE_ETHERNET = 1;

/**
 * Reads the RTP packets of a little-endian pcap file (draft-ietf-opsawg-pcap) with raw IP or Ethernet frames.
 * A last record cut short is where the file ends. Packets that are not RTP over UDP are passed over.
 */
export function* rtpPackets(file: Buffer): Generator<CapturedRtp> {
  if (file.length < FILE_HEADER || file.readUInt32LE(0) !== 0xa1b2c3d4) return;
  const linkType = file.readUInt32LE(20);
  if (linkType !== LINKTYPE_RAW && linkType !== LINKTYPE_ETHERNET) return;
  let at = FILE_HEADER;
  while (at + RECORD_HEADER <= file.length) {
    const time = file.readUInt32LE(at) * 1000 + file.readUInt32LE(at + 4) / 1000;
    const length = file.readUInt32LE(at + 8);
    const start = at + RECORD_HEADER;
    at = start + length;
    if (at > file.length) return;
    const packet = file.subarray(start + (linkType === LINKTYPE_ETHERNET ? 14 : 0), at);
    const rtp = rtpOf(packet, time);
    if (rtp) yield rtp;
  }
}

function rtpOf(ip: Buffer, at: number): CapturedRtp | undefined {
  const version = (ip[0] ?? 0) >> 4;
  const header = version === 4 ? ((ip[0] ?? 0) & 0x0f) * 4 : version === 6 ? 40 : 0;
  const protocol = version === 4 ? ip[9] : ip[6];
  const rtp = ip.subarray(header + 8);
  if (header === 0 || protocol !== UDP || rtp.length < 12 || (rtp[0] ?? 0) >> 6 !== 2) return undefined;
  const payloadType = (rtp[1] ?? 0) & 0x7f;
  // RFC 5761 §4: payload types 64-95 with the RTP version are RTCP on a shared port.
  if (payloadType >= 64 && payloadType < 96) return undefined;
  return {
    at,
    port: ip.readUInt16BE(header + 2),
    payloadType,
    sequence: rtp.readUInt16BE(2),
    timestamp: rtp.readUInt32BE(4),
    ssrc: rtp.readUInt32BE(8),
  };
}
