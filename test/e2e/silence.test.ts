import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { tone } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { NUMBER, type Platform, routeTo, startPlatform } from './platform.ts';

let platform: Platform;
let port: number;

beforeAll(async () => {
  port = await freePort();
  const silence = { seconds: 4, oneWaySeconds: 2 };
  platform = await startPlatform({ config: routeTo([`sip:agent@127.0.0.1:${port}`], { silence }) });
});
afterAll(() => platform?.[Symbol.asyncDispose]());

test('a call to an agent that is not heard is reported as one-way, then ended on both sides', async () => {
  await using agent = await startAgent({ port, echo: false, calls: 1 });
  const { carrier, record, events } = await platform.place({
    ...{ to: NUMBER, audio: tone(700, 1_000), talkMs: 'until hung up' },
  });
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(await agent.ended).toBe(0);
  expect(record).toMatchObject({
    complete: true,
    ended: { reason: 'media-timeout', blame: 'upstream', detail: 'no RTP came from leg b for 4 s' },
    silence: { what: 'timeout', leg: 'b' },
  });
  const said = events.filter(({ type }) => /^media\.(one-way|timeout)$/.test(type));
  expect(said).toMatchObject([
    { type: 'media.one-way', leg: 'b' },
    { type: 'media.timeout', leg: 'b', action: 'hangup' },
  ]);
  // The caller sent 50 packets a second all the while.
  expect(record.ended?.media?.a.packets).toBeGreaterThan(150);
  expect(record.ended?.media?.b.packets).toBe(0);
});
