import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  advanceTransfer,
  readSipfrag,
  requested,
  sipfragOf,
  type Transfer,
  type TransferNews,
} from '../../core/transfer.ts';

const heard = (sipStatus: number, from: 'target' | 'referee' = 'target'): TransferNews => ({
  ...{ sipStatus, from },
  detail: `${sipStatus}`,
});
const hearing = (...news: readonly TransferNews[]): Transfer => news.reduce(advanceTransfer, requested);

describe('a transfer', () => {
  test.each([
    [[100], 'trying', 'SIP/2.0 100 Trying'],
    [[180], 'ringing', 'SIP/2.0 180 Ringing'],
    [[183, 100], 'ringing', 'SIP/2.0 180 Ringing'],
    [[100, 180, 200], 'answered', 'SIP/2.0 200 OK'],
    [[200], 'answered', 'SIP/2.0 200 OK'],
  ])('that hears %j is %s, and its referrer is told %s', (statuses, phase, line) => {
    const transfer = hearing(...statuses.map((status) => heard(status)));
    expect([transfer.phase, sipfragOf(transfer)]).toEqual([phase, line]);
  });

  test('fails with the status of who was called, and by whom', () => {
    const transfer = hearing(heard(180), heard(486));
    expect(transfer).toEqual({ phase: 'failed', sipStatus: 486, failedBy: 'target', detail: '486' });
    expect(sipfragOf(transfer)).toBe('SIP/2.0 486 Busy Here');
  });

  test('that nobody answers has no status of its own, and its referrer hears 503', () => {
    const transfer = hearing({
      failed: true,
      sipStatus: null,
      failedBy: 'referee',
      detail: 'no NOTIFY came',
    });
    expect(transfer).toMatchObject({ phase: 'failed', sipStatus: null, failedBy: 'referee' });
    expect(sipfragOf(transfer)).toMatch(/^SIP\/2\.0 503 /);
  });

  test('never goes back, and stays answered or failed whatever comes late', () => {
    const phases = ['requested', 'trying', 'ringing', 'answered', 'failed'];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 100, max: 699 })), (statuses) => {
        let transfer = requested;
        for (const status of statuses) {
          const next = advanceTransfer(transfer, heard(status));
          expect(phases.indexOf(next.phase)).toBeGreaterThanOrEqual(phases.indexOf(transfer.phase));
          if (transfer.phase === 'answered' || transfer.phase === 'failed') expect(next).toBe(transfer);
          transfer = next;
        }
      }),
    );
  });
});

describe('a sipfrag', () => {
  test.each([
    ['SIP/2.0 200 OK\r\n', { sipStatus: 200, detail: '200 OK' }],
    ['SIP/2.0 100 Trying', { sipStatus: 100, detail: '100 Trying' }],
    ['SIP/2.0 486 Busy "Here"\r\nContact: <sip:x@y>\r\n', { sipStatus: 486, detail: '486 Busy "Here"' }],
    ['SIP/2.0 603\n', { sipStatus: 603, detail: '603' }],
  ])('%j says what became of it', (body, read) => {
    expect(readSipfrag(body)).toEqual(read);
  });

  test.each(['', 'SIP/2.0 99 Low', 'SIP/2.0 700 High', 'SIP/2.0 2000 Long', 'INVITE sip:a@b SIP/2.0', '{}'])(
    '%j says nothing',
    (body) => {
      expect(readSipfrag(body)).toBeUndefined();
    },
  );

  test('is read back as it was written, and nothing makes it throw', () => {
    fc.assert(
      fc.property(fc.string(), (body) => {
        readSipfrag(body);
        readSipfrag(`SIP/2.0 200 ${body}`);
      }),
    );
    expect(readSipfrag(`${sipfragOf(hearing(heard(180)))}\r\n`)).toMatchObject({ sipStatus: 180 });
  });
});
