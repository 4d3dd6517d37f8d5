import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSdp } from '../../../edge-node/signaling/sdp.ts';

const sdp = (media: string, ...attributes: string[]) =>
  ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0', media, ...attributes, ''].join(
    '\r\n',
  );

test('static payload types need no rtpmap; telephone-event and comfort noise are no codecs', () => {
  expect(readSdp(sdp('m=audio 4000 RTP/AVP 8 0 18 13 101', 'a=rtpmap:101 telephone-event/8000'))).toEqual({
    codecs: ['PCMA', 'PCMU', 'G729'],
    dtmf: true,
    encrypted: false,
  });
});

test('an rtpmap goes before the static table, and SAVP is encrypted', () => {
  expect(readSdp(sdp('m=audio 4000 RTP/SAVP 96 0', 'a=rtpmap:96 opus/48000/2'))).toEqual({
    codecs: ['opus', 'PCMU'],
    dtmf: false,
    encrypted: true,
  });
});

test.each([
  ['nothing', ''],
  ['no SDP', 'hello'],
  ['no audio', sdp('m=video 4000 RTP/AVP 96', 'a=rtpmap:96 H264/90000')],
  ['audio that is refused', sdp('m=audio 0 RTP/AVP 0')],
  ['no connection line', 'v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n'],
])('%s cannot become a call', (_what, text) => {
  expect(readSdp(text)).toBeUndefined();
});

test('whatever comes from the network, reading it never throws', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (media, attributes) => {
      readSdp(sdp(media, ...attributes));
      readSdp(media);
    }),
  );
});
