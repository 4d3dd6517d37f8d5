import fc from 'fast-check';
import { spoiledMessage, validMessage } from './messages.ts';
import { spoiled } from './spoil.ts';

/* Frames of RFC 6455 §5.2 around SIP messages; their mask is zero, so that the text stands in them. Texts are Latin-1. */

const upgrade = [
  'GET / HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Protocol: sip',
  '\r\n',
].join('\r\n');

/** Whole and part, text, binary, ping, pong, close, and what is reserved. */
const first = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0x81, 0x82) },
  { weight: 1, arbitrary: fc.constantFrom(0x01, 0x80, 0x00, 0x88, 0x89, 0x8a, 0xf1, 0x83) },
);
const lie = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: -9, max: 9 }) },
);

const frame = fc.tuple(first, lie, fc.oneof(validMessage, spoiledMessage)).map(([byte, more, text]) => {
  const length = Math.max(0, text.length + more) % 65_536;
  const size = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff];
  return `${String.fromCharCode(byte, ...size)}\0\0\0\0${text}`;
});
const frames = fc.array(frame, { minLength: 1, maxLength: 4 }).map((all) => all.join(''));

/** From the upgrade on. */
export const webSocketBytes: fc.Arbitrary<string> = fc.oneof(
  fc.oneof(frames, spoiled(frames)).map((bytes) => upgrade + bytes),
  spoiled(frames.map((bytes) => upgrade + bytes)),
);
