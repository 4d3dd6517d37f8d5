import { afterEach, beforeEach, vi } from 'vitest';
import { parseMessage } from '../../../../local/sip/message/parse-message.ts';
import { SipMessage } from '../../../../local/sip/message/sip-message.ts';
import type { IncomingResponse } from '../../../../local/sip/transaction/incoming-response.ts';
import { InviteClient } from '../../../../local/sip/transaction/invite-client.ts';
import { InviteServer } from '../../../../local/sip/transaction/invite-server.ts';
import { RequestClient } from '../../../../local/sip/transaction/request-client.ts';
import { RequestServer } from '../../../../local/sip/transaction/request-server.ts';
import { type SipTimers, sipTimers } from '../../../../local/sip/transaction/timers.ts';
import type { Outlet } from '../../../../local/sip/transport/flow.ts';

/* The machines of RFC 3261 §17 and RFC 6026 alone, on a clock that is moved by hand. */

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

export const after = (seconds: number) => vi.advanceTimersByTime(seconds * 1_000);

export function response(status: number): IncomingResponse {
  const message = parseMessage(`SIP/2.0 ${status} X\r\nContent-Length: 0\r\n\r\n`);
  if (!(message instanceof SipMessage)) throw new Error('not a message');
  const listener = { protocol: 'udp', host: '127.0.0.1', port: 5060 } as const;
  return { status, message, arrival: { listener, host: '127.0.0.1', port: 5060, size: 0 } };
}

export function inviteClient(reliable = false, timers: Partial<SipTimers> = {}) {
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

export function requestClient(reliable = false, timers: Partial<SipTimers> = {}) {
  const diary = new Diary();
  const client = new RequestClient('BYE', diary.outlet(reliable), sipTimers(timers), {
    response: ({ status }) => diary.note(String(status)),
    failed: diary.note,
    ended: () => diary.note('ended'),
  });
  client.start();
  return Object.assign(client, { diary });
}

export function inviteServer(reliable = false, timers: Partial<SipTimers> = {}) {
  const diary = new Diary();
  const server = new InviteServer(diary.outlet(reliable), sipTimers(timers), {
    ended: () => diary.note('ended'),
  });
  return Object.assign(server, { diary });
}

export function requestServer(reliable = false, timers: Partial<SipTimers> = {}) {
  const diary = new Diary();
  const server = new RequestServer(diary.outlet(reliable), sipTimers(timers), {
    ended: () => diary.note('ended'),
  });
  return Object.assign(server, { diary });
}

/** For a file of tests: none of their seconds pass by themselves. */
export function onMovedClock(): void {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}
