/** telephone-event in SDP (RFC 4733 §7): what one side says of it is not always what rtpengine is to believe. */

const mapped = /^a=rtpmap:(\d+) telephone-event\//gim;
const typesIn = (sdp: string) => [...sdp.matchAll(mapped)].map(([, type]) => Number(type));

/** Its payload type; undefined where the SDP has none. */
export const eventTypeIn = (sdp: string): number | undefined => typesIn(sdp)[0];

/** For a side whose digits are tones: it neither offers nor takes anything else then. */
export function withoutEvents(sdp: string): string {
  const events = typesIn(sdp);
  if (events.length === 0) return sdp;
  return sdp
    .replace(new RegExp(`^a=(?:rtpmap|fmtp):(?:${events.join('|')}) .*\\r?\\n`, 'gm'), '')
    .replace(/^(m=audio \d+ \S+)((?: \d+)+)/gm, (_, start: string, types: string) => {
      const others = types.trim().split(' ');
      return `${start} ${others.filter((type) => !events.includes(Number(type))).join(' ')}`;
    });
}

/**
 * For a side that says its digits as INFO and leaves telephone-event out: rtpengine then lets the other side have it. Under
 * `type`, or one that is free.
 */
export function withEvents(sdp: string, type = freeType(sdp)): string {
  if (eventTypeIn(sdp) !== undefined || type === undefined) return sdp;
  const [audio] = /^m=audio (?:(?!^m=)[\s\S])*/m.exec(sdp) ?? [];
  if (audio === undefined) return sdp;
  const named = audio.replace(/^(m=audio [^\r\n]*)/, `$1 ${type}`).replace(/\r?\n?$/, '\r\n');
  return sdp.replace(audio, () => `${named}a=rtpmap:${type} telephone-event/8000\r\na=fmtp:${type} 0-15\r\n`);
}

/** A dynamic payload type (RFC 3551 §6) that the SDP does not use, the usual one first. */
function freeType(sdp: string): number | undefined {
  const used = new Set(
    [...sdp.matchAll(/^m=\S+ \d+ \S+((?: \d+)+)/gm)].flatMap(([, types = '']) => types.split(' ')),
  );
  return [101, ...Array.from({ length: 32 }, (_, n) => 96 + n)].find((type) => !used.has(String(type)));
}
