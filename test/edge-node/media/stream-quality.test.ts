import { describe, expect, test } from 'vitest';
import type { CapturedRtp } from '../../../edge-node/media/pcap.ts';
import { qualityOf } from '../../../edge-node/media/stream-quality.ts';

/** One packet every 20 ms from `first` on, as an ideal sender and network give it. */
const stream = (count: number, first = 0, ssrc = 7): CapturedRtp[] =>
  Array.from({ length: count }, (_, index) => ({
    at: index * 20,
    port: 40_000,
    payloadType: 0,
    sequence: (first + index) & 0xffff,
    timestamp: (index * 160) >>> 0,
    ssrc,
  }));

describe('the quality of a captured stream', () => {
  test('an ideal stream has no loss and no jitter', () => {
    expect(qualityOf(stream(100), 8000)).toEqual({
      ...{ packets: 100, lossPercent: 0, jitterMs: 0, latePercent: 0 },
    });
  });

  test('every tenth packet gone is ten percent of loss', () => {
    const lossy = stream(101).filter((_, index) => index % 10 !== 5);
    expect(qualityOf(lossy, 8000)?.lossPercent).toBeCloseTo(9.9, 1);
  });

  test('a sequence number that wraps is not loss, nor is a packet that overtakes another', () => {
    const wrapping = stream(100, 65_500);
    const [one, two, ...rest] = wrapping;
    if (!one || !two) throw new Error('the stream is too short');
    expect(qualityOf([two, one, ...rest], 8000)?.lossPercent).toBe(0);
  });

  test('a packet that comes twice does not hide one that is lost', () => {
    const twice = stream(50).flatMap((packet, index) =>
      index === 3 ? [packet, packet] : index === 9 ? [] : [packet],
    );
    expect(qualityOf(twice, 8000)?.lossPercent).toBe(2);
  });

  test('packets that come 5 ms early and late by turns have the jitter of RFC 3550', () => {
    const shaken = stream(400).map((packet, index) => ({
      ...packet,
      at: packet.at + (index % 2 === 0 ? 0 : 5),
    }));
    expect(qualityOf(shaken, 8000)?.jitterMs).toBeCloseTo(5, 1);
  });

  test('a key press, whose timestamp stands still, is no jitter', () => {
    const pressed = stream(60).map((packet, index) =>
      index > 20 && index < 30 ? { ...packet, payloadType: 101, timestamp: 20 * 160 } : packet,
    );
    expect(qualityOf(pressed, 8000)?.jitterMs).toBe(0);
  });

  test('a sender that changes its SSRC is measured as two streams', () => {
    expect(qualityOf([...stream(50), ...stream(50, 30_000, 8)], 8000)?.lossPercent).toBe(0);
  });

  test('packets that a phone has played on for are late; a network that is slower from then on is not', () => {
    const stalled = stream(200).map((packet, index) => ({
      ...packet,
      at: packet.at + (index >= 50 && index < 60 ? 80 : 0),
    }));
    expect(qualityOf(stalled, 8000)?.latePercent).toBe(5);
    const slower = stream(1000).map((packet, index) => ({
      ...packet,
      at: packet.at + (index < 500 ? 0 : 90),
    }));
    expect(qualityOf(slower, 8000)?.latePercent).toBe(0);
  });

  test('a clock of the sender that runs away makes nothing late', () => {
    const drifting = stream(3000).map((packet) => ({ ...packet, at: packet.at * 1.002 }));
    expect(qualityOf(drifting, 8000)?.latePercent).toBe(0);
  });

  test('less than two packets are no measurement', () => {
    expect(qualityOf(stream(1), 8000)).toBeUndefined();
    expect(qualityOf([], 8000)).toBeUndefined();
  });
});
