import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Failed } from '../../../../local/sip/transport/flow.ts';
import { MovedBranches, SizedOutlet } from '../../../../local/sip/transport/sized-outlet.ts';
import type { StreamOutlet } from '../../../../local/sip/transport/stream-listener.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const long = `INVITE sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1\r\nX: ${'x'.repeat(1_400)}\r\n\r\n`;

/** A peer whose TCP connection is under way until it is `established`. */
function sending() {
  const sent: string[] = [];
  const link = { established: false };
  const tcp = {
    link,
    send: (text: string) => void sent.push(text),
    release: () => void sent.push('released'),
  };
  let refuse: Failed = () => {};
  const connect = (failed: Failed) => {
    refuse = failed;
    return tcp as unknown as StreamOutlet;
  };
  const udp = { reliable: false, send: (text: string) => void sent.push(text), release: () => {} };
  const failures: string[] = [];
  const outlet = new SizedOutlet(
    udp,
    connect,
    new MovedBranches(),
    (error) => void failures.push(error.message),
  );
  return { outlet, link, sent, failures, refuse: (error: Error) => refuse(error) };
}

const byTcp = long.replace('/UDP', '/TCP');

test('a peer that has not taken the TCP connection for two seconds gets the request by UDP', () => {
  const { outlet, sent, failures } = sending();
  outlet.send(long);
  vi.advanceTimersByTime(1_999);
  expect(sent).toEqual([byTcp]);
  vi.advanceTimersByTime(1);
  expect(sent).toEqual([byTcp, 'released', long]);
  outlet.send(long);
  expect(sent.at(-1)).toBe(long);
  expect(failures).toEqual([]);
});

test('a peer that has taken it in time gets it once, however often it is sent', () => {
  const { outlet, link, sent } = sending();
  outlet.send(long);
  link.established = true;
  vi.advanceTimersByTime(10_000);
  outlet.send(long);
  expect(sent).toEqual([byTcp]);
});

test('a connection that breaks after it was taken is a failure, not a reason for UDP', () => {
  const { outlet, link, sent, failures, refuse } = sending();
  outlet.send(long);
  link.established = true;
  refuse(new Error('reset'));
  expect([sent, failures]).toEqual([[byTcp], ['reset']]);
});
