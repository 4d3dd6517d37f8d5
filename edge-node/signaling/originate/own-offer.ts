import type { CodecPolicy } from '../../../contracts/config.ts';

/** RFC 3551 §6, RFC 7587 §7; opus has a payload type of ours. */
const formats: Readonly<Record<CodecPolicy['keep'][number], string>> = {
  PCMU: '0 PCMU/8000',
  PCMA: '8 PCMA/8000',
  G722: '9 G722/8000',
  G729: '18 G729/8000',
  opus: '96 opus/48000/2',
};

/**
 * What stands for the party that is not there yet: an offer from which rtpengine makes the one to whom is called first. Its
 * port is the discard service (RFC 863) of the host on which rtpengine looks at it; nothing is sent there before the
 * party has answered, and from then on only what rtpengine plays.
 */
export function ownOffer({ keep }: CodecPolicy): string {
  const all = [...keep.map((codec) => formats[codec]), '101 telephone-event/8000'];
  const payloads = all.map((format) => format.split(' ')[0]).join(' ');
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio 9 RTP/AVP ${payloads}`,
    ...all.map((format) => `a=rtpmap:${format}`),
    'a=fmtp:101 0-15',
    '',
  ].join('\r\n');
}
