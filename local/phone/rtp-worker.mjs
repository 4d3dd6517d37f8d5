import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { parentPort, workerData } from 'node:worker_threads';
import alawmulaw from 'alawmulaw';

/**
 * A phone's ears and mouth in a thread of its own, so that a busy process does not disturb the beat of its packets.
 * Plain JavaScript, since a worker thread of Node 20 loads nothing else. Its messages are typed in rtp-endpoint.ts.
 * Sends 20 ms frames by a monotonic clock, presses keys as RFC 4733 events, and writes down what comes in.
 */
const FRAME = 160;
const FRAME_MS = 20;
/** Payload type of RFC 4733 events, as agreed. */
let telephoneEvent = 101;
const KEYS = '0123456789*#ABCD';
/** A key is held for eight frames, then its end is said three times (RFC 4733 §2.5.1.4). */
const KEY_FRAMES = 8;
const END_REPEATS = 3;
const GAP_FRAMES = 5;

const { alaw, mulaw } = alawmulaw;
const { echo } = workerData;
let { payloadType } = workerData;
const port = parentPort;
if (!port) throw new Error('runs in a worker thread only');
const tell = (message) => port.postMessage(message);
const encode = (samples) => Buffer.from(payloadType === 8 ? alaw.encode(samples) : mulaw.encode(samples));
const decode = (payload, type) => (type === 8 ? alaw.decode(payload) : mulaw.decode(payload));

const socket = createSocket('udp4');
let to;
let audio = new Int16Array(0);
let position = 0;
let keys = [];
let key;
let gap = 0;
let sequence = randomInt(0, 30_000);
let timestamp = randomInt(0, 2 ** 31);
const ssrc = randomInt(1, 2 ** 32 - 1);
let sent = 0;

const heard = [];
const pcm = [];
const digits = [];
let lastKey = '';

function send(payload, type, at, marker = false) {
  if (!to) return;
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = type | (marker ? 0x80 : 0);
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(at >>> 0, 4);
  header.writeUInt32BE(ssrc, 8);
  sequence += 1;
  sent += 1;
  socket.send(Buffer.concat([header, payload]), to.port, to.host);
}

/** Event, end bit and volume 10, duration in timestamp units. */
const keyPayload = (code, frames, end) => {
  const duration = frames * FRAME;
  return Buffer.from([code, (end ? 0x80 : 0) | 10, duration >> 8, duration & 0xff]);
};

function pressKey() {
  if (!key) {
    if (gap > 0) {
      gap -= 1;
      return false;
    }
    const next = keys.shift();
    if (next === undefined) return false;
    key = { code: KEYS.indexOf(next), start: timestamp, frame: 0 };
  }
  key.frame += 1;
  if (key.frame <= KEY_FRAMES) {
    send(keyPayload(key.code, key.frame, false), telephoneEvent, key.start, key.frame === 1);
    return true;
  }
  for (let repeat = 0; repeat < END_REPEATS; repeat += 1)
    send(keyPayload(key.code, KEY_FRAMES, true), telephoneEvent, key.start);
  key = undefined;
  gap = GAP_FRAMES;
  return true;
}

function frame() {
  if (!pressKey() && audio.length > 0) {
    const samples = audio.subarray(position, position + FRAME);
    position = position + FRAME >= audio.length ? 0 : position + FRAME;
    const padded =
      samples.length === FRAME ? samples : Int16Array.from({ length: FRAME }, (_, n) => samples[n] ?? 0);
    send(encode(padded), payloadType, timestamp);
  }
  timestamp += FRAME;
}

function listen(packet, from) {
  if (packet.length < 12 || (packet[0] ?? 0) >> 6 !== 2) return;
  const type = (packet[1] ?? 0) & 0x7f;
  if (type >= 64 && type < 96) return;
  const at = performance.now();
  const stamp = packet.readUInt32BE(4);
  heard.push({ sequence: packet.readUInt16BE(2), timestamp: stamp, type, ssrc: packet.readUInt32BE(8), at });
  const payload = packet.subarray(12);
  if (type === telephoneEvent) hearKey(payload, stamp);
  else pcm.push(Int16Array.from(decode(payload, type)));
  if (!echo) return;
  const back = Buffer.from(packet);
  back.writeUInt32BE(ssrc, 8);
  sent += 1;
  socket.send(back, from.port, from.address);
}

/** A key counts once, at its first end packet; packets of one key share their timestamp. */
function hearKey(payload, stamp) {
  if (payload.length < 4 || ((payload[1] ?? 0) & 0x80) === 0) return;
  const id = `${stamp}`;
  if (id === lastKey) return;
  lastKey = id;
  digits.push(KEYS[payload[0] ?? 0] ?? '?');
}

let due = 0;
let beat;
function tick() {
  while (performance.now() >= due) {
    frame();
    due += FRAME_MS;
  }
  beat = setTimeout(tick, Math.max(1, due - performance.now()));
}

port.on('message', (message) => {
  if (message.do === 'talk') {
    to = message.to;
    audio = message.audio;
    telephoneEvent = message.events ?? telephoneEvent;
    due = performance.now();
    if (!beat) tick();
  } else if (message.do === 'press') keys.push(...message.keys);
  else if (message.do === 'speak') payloadType = message.payloadType;
  else if (message.do === 'hush') {
    clearTimeout(beat);
    beat = undefined;
    audio = new Int16Array(0);
    keys = [];
  } else if (message.do === 'report') {
    tell({
      told: 'report',
      sent,
      heard,
      digits: digits.join(''),
      pcm: join(pcm),
      keysLeft: keys.length + (key ? 1 : 0),
    });
  }
});

function join(parts) {
  const whole = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

socket.on('message', listen);
socket.bind(0, '127.0.0.1', () => tell({ told: 'port', port: socket.address().port }));
