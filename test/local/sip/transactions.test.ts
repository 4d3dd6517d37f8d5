import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parseMessage } from '../../../local/sip/message/parse-message.ts';
import { SipMessage } from '../../../local/sip/message/sip-message.ts';
import type { IncomingResponse } from '../../../local/sip/transaction/incoming-response.ts';
import { InviteClient } from '../../../local/sip/transaction/invite-client.ts';
import { InviteServer } from '../../../local/sip/transaction/invite-server.ts';
import { RequestClient } from '../../../local/sip/transaction/request-client.ts';
import { RequestServer } from '../../../local/sip/transaction/request-server.ts';
import { type SipTimers, sipTimers } from '../../../local/sip/transaction/timers.ts';
import type { Outlet } from '../../../local/sip/transport/flow.ts';

/* The machines of RFC 3261 §17 and RFC 6026 alone, on a clock that is moved by hand. */

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What a machine does, each with the second it did it at: `0 INVITE`, `32 ended`. */
class Diary {
  readonly entries: string[] = [];
  readonly note = (what: string): void => {
    this.entries.push(`${Date.now() / 1_000} ${what}`);
  };

  outlet(reliable: boolean): Outlet {
    return { reliable, send: this.note, release: () => {} };
  }

  /** When this happened, in seconds. */
  times(what: string): number[] {
    return this.entries
      .filter((entry) => entry.endsWith(` ${what}`))
      .map((entry) => Number.parseFloat(entry));
  }
}

const after = (seconds: number) => vi.advanceTimersByTime(seconds * 1_000);

function response(status: number): IncomingResponse {
  const message = parseMessage(`SIP/2.0 ${status} X\r\nContent-Length: 0\r\n\r\n`);
  if (!(message instanceof SipMessage)) throw new Error('not a message');
  const listener = { protocol: 'udp', host: '127.0.0.1', port: 5060 } as const;
  return { status, message, arrival: { listener, host: '127.0.0.1', port: 5060, size: 0 } };
}

function inviteClient(reliable = false, timers: Partial<SipTimers> = {}) {
  const diary = new Diary();
  const client = new InviteClient('INVITE', diary.outlet(reliable), sipTimers(timers), {
    response: ({ status }) => diary.note(String(status)),
    furtherSuccess: ({ status }) => diary.note(`again ${status}`),
    failed: diary.note,
    ackFor: () => 'ACK',
    ended: () => diary.note('ended'),
  });
  client.start();
  return Object.assign(client, { diary });
}

function requestClient(reliable = false, timers: Partial<SipTimers> = {}) {
  const diary = new Diary();
  const client = new RequestClient('BYE', diary.outlet(reliable), sipTimers(timers), {
    response: ({ status }) => diary.note(String(status)),
    failed: diary.note,
    ended: () => diary.note('ended'),
  });
  client.start();
  return Object.assign(client, { diary });
}

function inviteServer(reliable = false, timers: Partial<SipTimers> = {}) {
  const diary = new Diary();
  const server = new InviteServer(diary.outlet(reliable), sipTimers(timers), {
    ended: () => diary.note('ended'),
  });
  return Object.assign(server, { diary });
}

function requestServer(reliable = false, timers: Partial<SipTimers> = {}) {
  const diary = new Diary();
  const server = new RequestServer(diary.outlet(reliable), sipTimers(timers), {
    ended: () => diary.note('ended'),
  });
  return Object.assign(server, { diary });
}

test('A and B: an INVITE is repeated with doubling pauses over UDP and given up after 32 seconds', () => {
  const { diary } = inviteClient();
  after(60);
  expect(diary.times('INVITE')).toEqual([0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]);
  expect(diary.entries.slice(-2)).toEqual(['32 timeout', '32 ended']);
});

test('over TCP an INVITE is sent once and given up after as long', () => {
  const { diary } = inviteClient(true);
  after(60);
  expect(diary.entries).toEqual(['0 INVITE', '32 timeout', '32 ended']);
});

test('a provisional response ends the repetitions and the wait', () => {
  const client = inviteClient();
  client.receive(response(180));
  after(600);
  expect(client.diary.entries).toEqual(['0 INVITE', '0 180']);
});

test('D: a refusal is acknowledged each time it comes, for 32 seconds over UDP, and told once', () => {
  const client = inviteClient();
  client.receive(response(486));
  after(10);
  client.receive(response(486));
  after(30);
  expect(client.diary.entries).toEqual(['0 INVITE', '0 ACK', '0 486', '10 ACK', '32 ended']);
  const overTcp = inviteClient(true);
  overTcp.receive(response(486));
  expect(overTcp.diary.entries.slice(-1)).toEqual(['40 ended']);
});

test('M: 2xx of further forks are told for 32 seconds', () => {
  const client = inviteClient();
  client.receive(response(200));
  after(31);
  client.receive(response(200));
  client.receive(response(486));
  after(60);
  client.receive(response(200));
  expect(client.diary.entries).toEqual(['0 INVITE', '0 200', '31 again 200', '32 ended']);
});

test('a CANCEL waits for a provisional response, and its INVITE for a final one no longer than B', () => {
  const client = inviteClient();
  client.cancel(() => client.diary.note('CANCEL'));
  after(1);
  client.receive(response(100));
  after(60);
  const others = client.diary.entries.filter((entry) => !entry.endsWith('INVITE'));
  expect(others).toEqual(['1 100', '1 CANCEL', '33 timeout', '33 ended']);
});

test('E and F: another request is repeated up to every 4 seconds and given up after 32', () => {
  const { diary } = requestClient();
  after(60);
  expect(diary.times('BYE')).toEqual([0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]);
  expect(diary.entries.slice(-2)).toEqual(['32 timeout', '32 ended']);
});

test('E in proceeding: every 4 seconds, and a provisional response does not lengthen F', () => {
  const client = requestClient();
  client.receive(response(100));
  after(60);
  expect(client.diary.times('BYE')).toEqual([0, 0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]);
  expect(client.diary.times('timeout')).toEqual([32]);
});

test('K: a repeated final response is absorbed for 5 seconds over UDP, not at all over TCP', () => {
  const client = requestClient();
  client.receive(response(200));
  after(1);
  client.receive(response(200));
  after(60);
  expect(client.diary.entries).toEqual(['0 BYE', '0 200', '5 ended']);
  const overTcp = requestClient(true);
  overTcp.receive(response(200));
  expect(overTcp.diary.times('ended')).toHaveLength(1);
});

test('G and H: a refusal of ours is repeated up to every 4 seconds until 32 have passed without an ACK', () => {
  const server = inviteServer();
  server.respond(486, '486');
  after(60);
  expect(server.diary.times('486')).toEqual([0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]);
  expect(server.diary.times('ended')).toEqual([32]);
  const overTcp = inviteServer(true);
  overTcp.respond(486, '486');
  after(60);
  expect(overTcp.diary.times('486')).toHaveLength(1);
});

test('I: the ACK ends the repetitions, and further ACKs are absorbed for 5 seconds', () => {
  const server = inviteServer();
  server.respond(486, '486');
  after(1);
  server.receiveAck();
  after(1);
  server.receiveAck();
  server.receiveAgain();
  after(60);
  expect(server.diary.entries).toEqual(['0 486', '0.5 486', '6 ended']);
});

test('L: an accepted INVITE that comes again is absorbed for 32 seconds; its 2xx is ours to repeat', () => {
  const server = inviteServer();
  server.respond(200, '200');
  after(10);
  server.receiveAgain();
  server.respond(200, '200');
  server.respond(486, '486');
  after(60);
  expect(server.diary.entries).toEqual(['0 200', '10 200', '32 ended']);
});

test('an INVITE that comes again gets the last provisional response again', () => {
  const server = inviteServer();
  server.receiveAgain();
  server.respond(100, '100');
  server.respond(180, '180');
  server.receiveAgain();
  expect(server.diary.entries).toEqual(['0 100', '0 180', '0 180']);
});

test('J: another request that comes again gets its answer again for 32 seconds over UDP', () => {
  const server = requestServer();
  server.receiveAgain();
  after(1);
  server.respond(200, '200');
  after(31);
  server.receiveAgain();
  after(60);
  server.receiveAgain();
  expect(server.diary.entries).toEqual(['1 200', '32 200', '33 ended']);
  const overTcp = requestServer(true);
  overTcp.respond(200, '200');
  expect(overTcp.diary.times('ended')).toHaveLength(1);
});

test('a peer that cannot be reached fails a client once, and not after its final response', () => {
  const invite = inviteClient();
  invite.transportError();
  invite.transportError();
  expect(invite.diary.entries).toEqual(['0 INVITE', '0 transport', '0 ended']);
  const other = requestClient();
  other.receive(response(200));
  other.transportError();
  expect(other.diary.times('transport')).toEqual([]);
});

test.each([
  ['a', () => inviteClient(false, { a: 100, b: 350 }), [0, 0.1, 0.3], 'INVITE'],
  ['b', () => inviteClient(false, { b: 1_000 }), [1], 'timeout'],
  ['e', () => requestClient(false, { e: 100, f: 350 }), [0, 0.1, 0.3], 'BYE'],
  ['f', () => requestClient(false, { f: 1_000 }), [1], 'timeout'],
  ['j', () => requestServer(false, { j: 1_000 }), [1], 'ended'],
] as const)('timer %s can be set', (_name, start, times, what) => {
  const { diary } = start();
  after(60);
  expect(diary.times(what)).toEqual(times);
});

test.each([
  ['d', () => inviteClient(false, { d: 1_000 }), 486],
  ['m', () => inviteClient(false, { m: 1_000 }), 200],
  ['k', () => requestClient(false, { k: 1_000 }), 200],
] as const)('timer %s can be set', (_name, start, status) => {
  const client = start();
  client.receive(response(status));
  after(60);
  expect(client.diary.times('ended')).toEqual([1]);
});

test.each([
  ['g', { g: 100, h: 350 }, [0, 0.1, 0.3], '486'],
  ['h', { h: 1_000 }, [1], 'ended'],
] as const)('timer %s can be set', (_name, timers, times, what) => {
  const server = inviteServer(false, timers);
  server.respond(486, '486');
  after(60);
  expect(server.diary.times(what)).toEqual(times);
});

test.each([
  ['i', { i: 1_000 }, 486],
  ['l', { l: 1_000 }, 200],
] as const)('timer %s can be set', (_name, timers, status) => {
  const server = inviteServer(false, timers);
  server.respond(status, String(status));
  server.receiveAck();
  after(60);
  expect(server.diary.times('ended')).toEqual([1]);
});
