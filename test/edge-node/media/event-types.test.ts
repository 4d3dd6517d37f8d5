import { expect, test } from 'vitest';
import { eventTypeIn, withEvents, withoutEvents } from '../../../edge-node/media/event-types.ts';

const head = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n';
const plain = `${head}m=audio 4000 RTP/AVP 0 8\r\na=ptime:20\r\n`;
const withIt = `${head}m=audio 4000 RTP/AVP 0 8 101\r\na=ptime:20\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n`;

test('telephone-event is added to the audio, and taken from it again, and nothing else changes', () => {
  expect(withEvents(plain)).toBe(withIt);
  expect(withoutEvents(withIt)).toBe(plain);
  expect([eventTypeIn(plain), eventTypeIn(withIt)]).toEqual([undefined, 101]);
});

test('an SDP that has it keeps its own, one without it stays without it', () => {
  expect(withEvents(withIt, 96)).toBe(withIt);
  expect(withoutEvents(plain)).toBe(plain);
});

test('the payload type is the one that was told, or one that is free', () => {
  expect(eventTypeIn(withEvents(plain, 96))).toBe(96);
  const taken = plain.replace('0 8', '0 8 101');
  expect(eventTypeIn(withEvents(taken))).toBe(96);
});

test('it stands with the audio where there is video, too, and where the last line has no end', () => {
  const video = 'm=video 5000 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n';
  expect(withEvents(plain + video)).toBe(withIt + video);
  expect(withEvents(plain.trimEnd())).toBe(withIt);
  expect(withEvents(video)).toBe(video);
});
