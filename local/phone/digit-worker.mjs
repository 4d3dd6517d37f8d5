import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { parentPort } from 'node:worker_threads';

/**
 * Two ends for many calls in one thread: one socket presses keys into every call, the other one hears them. Both stamp what they
 * do by the same clock. Plain JavaScript, since a worker thread of Node 20 loads nothing else; typed in digit-phones.ts.
 */
const FRAME = 160;
const FRAME_MS = 20;
const PCMU = 0;
const TELEPHONE_EVENT = 101;
const KEYS = '0123456789*#ABCD';
/** RFC 4733 §2.5.1.4: the end of a key is said three times. */
const END_REPEATS = 3;
const silence = Buffer.alloc(FRAME, 0xff);

const port = parentPort;
if (!port) throw new Error('runs in a worker thread only');

/** What the network does to a key: packets that arrive in each frame while it is held, then those of its end, then late ones. */
const troubles = {
  none: (updates, ends) => [updates.map((one) => [one]), ends, []],
  'first end lost': (updates, ends) => [updates.map((one) => [one]), ends.slice(1), []],
  'all ends but one lost': (updates, ends) => [updates.map((one) => [one]), ends.slice(2), []],
  'each packet twice': (updates, ends) => [
    updates.map((one) => [one, one]),
    ends.flatMap((one) => [one, one]),
    [],
  ],
  'an update after the end': (updates, [first, ...ends]) => [
    updates.map((one, n) => (n === updates.length - 1 ? [] : [one])),
    [first, ...updates.slice(-1), ...ends],
    [],
  ],
  'an end after the next key': (updates, ends) => [
    updates.map((one) => [one]),
    ends.slice(0, 2),
    ends.slice(2),
  ],
};
const names = Object.keys(troubles);

const roomy = { type: 'udp4', recvBufferSize: 4 * 1024 * 1024 };
const pressing = createSocket(roomy);
const hearing = createSocket(roomy);
const streams = [];

class Stream {
  constructor(index, to) {
    Object.assign(this, { index, to, keys: [], pressed: [], gap: 0, queue: [], late: [] });
    Object.assign(this, { sequence: randomInt(0, 30_000), ssrc: randomInt(1, 2 ** 32 - 1) });
    this.timestamp = randomInt(0, 2 ** 31);
  }

  packet(type, at, payload, marker = false) {
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = type | (marker ? 0x80 : 0);
    header.writeUInt16BE(this.sequence & 0xffff, 2);
    header.writeUInt32BE(at >>> 0, 4);
    header.writeUInt32BE(this.ssrc, 8);
    this.sequence += 1;
    return Buffer.concat([header, payload]);
  }

  /** All packets of a key with the frame in which each leaves. */
  press(key, heldFrames, trouble) {
    const code = KEYS.indexOf(key);
    const start = this.timestamp;
    const event = (frames, end) => {
      const duration = frames * FRAME;
      return Buffer.from([code, (end ? 0x80 : 0) | 10, duration >> 8, duration & 0xff]);
    };
    const updates = Array.from({ length: heldFrames }, (_, n) =>
      this.packet(TELEPHONE_EVENT, start, event(n + 1, false), n === 0),
    );
    const ends = Array.from({ length: END_REPEATS }, () =>
      this.packet(TELEPHONE_EVENT, start, event(heldFrames, true)),
    );
    const [held, ended, late] = troubles[names[trouble % names.length]](updates, ends);
    this.queue = [...held, ended];
    this.late = late;
    this.firstEnd = ended[0];
    this.key = key;
  }

  frame() {
    const { next } = this;
    if (this.queue.length === 0 && this.gap === 0 && this.keys.length > 0) {
      this.tail = this.late;
      this.press(this.keys.shift(), next.heldFrames, next.troubled ? this.index + this.pressed.length : 0);
    }
    const packets = this.queue.shift();
    if (packets) {
      for (const packet of packets) {
        if (packet === this.firstEnd) {
          this.pressed.push({ key: this.key, at: performance.now() });
          this.firstEnd = undefined;
        }
        pressing.send(packet, this.to, '127.0.0.1');
      }
      if (this.queue.length === 0) {
        for (const packet of this.tail ?? []) pressing.send(packet, this.to, '127.0.0.1');
        this.tail = [];
        this.gap = next.gapFrames;
      }
    } else {
      if (this.gap > 0) this.gap -= 1;
      pressing.send(this.packet(PCMU, this.timestamp, silence), this.to, '127.0.0.1');
    }
    this.timestamp += FRAME;
    if (this.keys.length === 0 && this.queue.length === 0 && this.gap === 0 && this.isPressing) {
      this.isPressing = false;
      port.postMessage({ told: 'pressed', stream: this.index });
    }
  }
}

/** By the port from which it comes, which rtpengine has for each call: a key counts once, whatever comes how often. */
const heard = new Map();

hearing.on('message', (packet, from) => {
  const at = performance.now();
  if (packet.length < 16) return;
  const call = heard.get(from.port) ?? { packets: 0, stamps: new Set(), keys: [] };
  heard.set(from.port, call);
  call.packets += 1;
  // Now and then, so that this side is there.
  if (call.packets % 25 === 1) hearing.send(signOfLife(call.packets), from.port, from.address);
  if ((packet[1] & 0x7f) !== TELEPHONE_EVENT || (packet[13] & 0x80) === 0) return;
  const stamp = packet.readUInt32BE(4);
  if (call.stamps.has(stamp)) return;
  call.stamps.add(stamp);
  call.keys.push({ key: KEYS[packet[12]] ?? '?', at });
});

function signOfLife(count) {
  const header = Buffer.from([0x80, PCMU, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]);
  header.writeUInt16BE((count / 25) & 0xffff, 2);
  header.writeUInt32BE((count * FRAME) >>> 0, 4);
  return Buffer.concat([header, silence]);
}

let due = performance.now();
const beat = setInterval(() => {
  while (performance.now() >= due) {
    for (const stream of streams) stream.frame();
    due += FRAME_MS;
  }
}, 5);

port.on('message', (message) => {
  if (message.do === 'talk') streams.push(new Stream(streams.length, message.to));
  else if (message.do === 'press') {
    const stream = streams[message.stream];
    stream.next = message.next;
    stream.keys.push(...message.keys);
    stream.isPressing = true;
  } else if (message.do === 'clock') port.postMessage({ told: 'clock', at: performance.now() });
  else if (message.do === 'report') {
    clearInterval(beat);
    port.postMessage({
      told: 'report',
      pressed: streams.map(({ pressed }) => pressed),
      heard: [...heard.values()].map(({ keys, packets }) => ({ keys, packets })),
    });
  }
});

pressing.bind(0, '127.0.0.1', () =>
  hearing.bind(0, '127.0.0.1', () =>
    port.postMessage({ told: 'ports', pressing: pressing.address().port, hearing: hearing.address().port }),
  ),
);
