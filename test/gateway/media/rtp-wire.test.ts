import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IncomingDigits } from '../../../gateway/media/incoming-digits.ts';
import { readRtp, writeRtp } from '../../../gateway/media/rtp-packet.ts';
import { readOffer, UnfitOffer, writeAnswer } from '../../../gateway/media/rtp-sdp.ts';

const packet = {
  ...{ payloadType: 8, marker: true, sequence: 65_535, timestamp: 0xffff_ffff, ssrc: 0x8000_0001 },
  payload: Buffer.from('audio'),
};

describe('an RTP packet', () => {
  test('is read as it was written', () => {
    expect(readRtp(writeRtp(packet))).toEqual(packet);
  });

  test('may have sources, an extension and padding, which are no audio', () => {
    const plain = writeRtp(packet);
    const more = Buffer.concat([
      Buffer.from([0x80 | 0x20 | 0x10 | 2]),
      plain.subarray(1, 12),
      Buffer.alloc(8),
      Buffer.from([0xbe, 0xde, 0, 1, 1, 2, 3, 4]),
      plain.subarray(12),
      Buffer.from([0, 0, 3]),
    ]);
    expect(readRtp(more)?.payload.toString()).toBe('audio');
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['half a header', writeRtp(packet).subarray(0, 11)],
    ['another version', Buffer.concat([Buffer.from([0x40]), writeRtp(packet).subarray(1)])],
    [
      'an extension that is not there',
      Buffer.concat([Buffer.from([0x90]), writeRtp(packet).subarray(1, 12)]),
    ],
    [
      'more padding than there is',
      Buffer.concat([Buffer.from([0xa0]), writeRtp(packet).subarray(1, 12), Buffer.from([9])]),
    ],
    [
      'padding of nothing',
      Buffer.concat([Buffer.from([0xa0]), writeRtp(packet).subarray(1, 12), Buffer.from([0])]),
    ],
  ])('%s is none', (_, bytes) => {
    expect(readRtp(bytes)).toBeUndefined();
  });

  test('of any bytes throws nothing, and is never longer than they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(readRtp(Buffer.from(bytes))?.payload.length ?? 0).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});

describe('keys of the caller', () => {
  const event = (code: number, isEnd: boolean, duration: number) =>
    Uint8Array.of(code, isEnd ? 0x8a : 0x0a, duration >> 8, duration & 0xff);
  const press = (timestamp: number, code = 5) => [
    { timestamp, marker: true, payload: event(code, false, 160) },
    { timestamp, marker: false, payload: event(code, false, 320) },
    ...Array.from({ length: 3 }, () => ({ timestamp, marker: false, payload: event(code, true, 480) })),
  ];

  test('count once each, whichever of their packets are lost, doubled or out of order', () => {
    const three = [press(1_000), press(9_000), press(17_000, 11)];
    const sent = three.map((packets) => fc.shuffledSubarray([...packets, ...packets], { minLength: 1 }));
    fc.assert(
      fc.property(fc.tuple(...sent), (presses) => {
        const digits = new IncomingDigits();
        expect(presses.flat().flatMap((each) => digits.take(each) ?? [])).toEqual(['5', '5', '#']);
      }),
    );
  });

  test('that come late between those of the next one do not count again', () => {
    const digits = new IncomingDigits();
    const [first = [], second = []] = [press(1_000, 1), press(2_000, 2)];
    const mixed = [...first.slice(0, 3), ...second.slice(0, 2), ...first.slice(3), ...second.slice(2)];
    expect(mixed.flatMap((each) => digits.take(each) ?? [])).toEqual(['1', '2']);
  });

  test('that are held for long go on in further segments and count once', () => {
    const digits = new IncomingDigits();
    const segments = [0, 65_535, 131_070].map((timestamp, index) => ({
      ...{ timestamp, marker: index === 0, payload: event(3, false, 0xffff) },
    }));
    expect(segments.flatMap((each) => digits.take(each) ?? [])).toEqual(['3']);
  });

  test.each([
    ['an event that is no key', event(40, false, 160)],
    ['half a payload', Uint8Array.of(5, 0)],
  ])('%s is none', (_, payload) => {
    expect(new IncomingDigits().take({ timestamp: 1, marker: true, payload })).toBeUndefined();
  });
});

describe('an offer', () => {
  const offer = (audio: string) =>
    `v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n${audio}`;
  const plain = 'm=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n';

  test('is answered with its first codec that is G.711, its digits, and 20 ms', () => {
    const offered = readOffer(offer(plain));
    expect(offered).toMatchObject({
      address: '192.0.2.7',
      port: 4_000,
      digits: 101,
      listens: true,
      speaks: true,
    });
    const answer = writeAnswer(offered, { address: '192.0.2.9', port: 5_000, sessionId: 7, version: 2 });
    expect(answer).toContain('m=audio 5000 RTP/AVP 8 101\r\n');
    expect(answer).toContain('o=- 7 2 IN IP4 192.0.2.9\r\n');
    for (const line of ['a=rtpmap:8 PCMA/8000', 'a=fmtp:101 0-15', 'a=ptime:20', 'a=sendrecv'])
      expect(answer).toContain(`${line}\r\n`);
  });

  test.each([
    ['sendonly', 'recvonly'],
    ['recvonly', 'sendonly'],
    ['inactive', 'inactive'],
    ['sendrecv', 'sendrecv'],
  ])('of a side that is %s is answered %s', (direction, answered) => {
    const offered = readOffer(offer(`${plain}a=${direction}\r\n`));
    const answer = writeAnswer(offered, { address: '192.0.2.9', port: 5_000, sessionId: 7, version: 1 });
    expect(answer).toContain(`a=${answered}\r\n`);
  });

  test.each([
    ['no SDP', 'hello', 'the offer is no SDP'],
    ['video alone', offer('m=video 4000 RTP/AVP 96\r\n'), 'the offer has no audio: offer one m=audio line'],
    ['audio that is off', offer('m=audio 0 RTP/AVP 0\r\n'), 'the offer has no audio'],
    ['SRTP', offer('m=audio 4000 RTP/SAVP 0\r\n'), 'the offer is RTP/SAVP: offer RTP/AVP'],
    [
      'Opus alone',
      offer('m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n'),
      'offer PCMU (0) or PCMA (8)',
    ],
    ['no address', 'v=0\r\nm=audio 4000 RTP/AVP 0\r\n', 'the offer has no c= line'],
  ])('of %s is refused with what to offer', (_, sdp, says) => {
    expect(() => readOffer(sdp)).toThrow(UnfitOffer);
    expect(() => readOffer(sdp)).toThrow(says);
  });
});
