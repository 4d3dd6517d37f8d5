/** The SDP without telephone-event, for a side whose digits are tones: it neither offers nor takes anything else then. */
export function withoutEvents(sdp: string): string {
  const events = [...sdp.matchAll(/^a=rtpmap:(\d+) telephone-event\//gim)].map(([, type]) => type ?? '');
  if (events.length === 0) return sdp;
  const named = events.join('|');
  return sdp
    .replace(new RegExp(`^a=(?:rtpmap|fmtp):(?:${named}) .*\\r?\\n`, 'gm'), '')
    .replace(/^(m=audio \d+ \S+)((?: \d+)+)/gm, (_, start: string, types: string) => {
      const others = types
        .trim()
        .split(' ')
        .filter((type) => !events.includes(type));
      return `${start} ${others.join(' ')}`;
    });
}
