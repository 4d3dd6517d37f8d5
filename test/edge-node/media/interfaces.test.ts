import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../edge-node/clock.ts';
import { createNgClient, type NgClient } from '../../../edge-node/media/rtpengine.ts';
import { createSession } from '../../../edge-node/media/session.ts';
import type { MediaOffer, MediaSession } from '../../../edge-node/ports.ts';
import { systemClock as mediaClock } from '../../../gateway/media/clock.ts';
import { openMedia } from '../../../gateway/media/open-media.ts';
import { Pacer } from '../../../gateway/media/pacer.ts';
import { tone } from '../../../local/phone/audio.ts';
import { type Rtpengine, startRtpengine } from '../../../local/rtpengine/start-rtpengine.ts';
import { anRtpPeer } from '../../gateway/media/an-rtp-peer.ts';
import { noMetrics } from './no-metrics.ts';

/** As behind an elastic address: rtpengine is on loopback, and tells carriers another address. */
const PUBLIC = '198.51.100.7';
const PRIVATE = '127.0.0.1';
const behind = [`pub/${PRIVATE}!${PUBLIC}`, `priv/${PRIVATE}`];
const names = { outside: 'pub', inside: 'priv' };

const offered = (address: string, port = 9_000) =>
  `v=0\r\no=- 1 1 IN IP4 ${address}\r\ns=-\r\nc=IN IP4 ${address}\r\nt=0 0\r\nm=audio ${port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n`;
const placeOf = (sdp: string) => ({
  address: /c=IN IP4 (\S+)/.exec(sdp)?.[1],
  port: Number(/m=audio (\d+)/.exec(sdp)?.[1]),
});
const addressIn = (sdp: string) => placeOf(sdp).address;

let engine: Rtpengine;
let client: NgClient;
let session: MediaSession | undefined;
let number = 0;

/** A call at the real rtpengine. */
function aCall(interfaces: typeof names | undefined): MediaSession {
  number += 1;
  const { request, once } = client;
  session = createSession(`call-${number}`, { request, once, captures: undefined, interfaces }, () => {});
  return session;
}
const offerOf = (more: Partial<MediaOffer> = {}): MediaOffer => ({
  ...{ sdp: offered('192.0.2.1'), from: 'a' },
  ...more,
});

function start(interfaces?: readonly string[]) {
  beforeAll(async () => {
    engine = await startRtpengine({ dtmfPort: 9, b2bPort: 9, ...(interfaces ? { interfaces } : {}) });
    client = createNgClient(engine.ng, 5_000, systemClock, noMetrics);
  });
  afterAll(async () => {
    client?.close();
    await engine?.[Symbol.asyncDispose]();
  });
}
afterEach(async () => {
  await session?.end();
  session = undefined;
});

describe('an rtpengine with an address for each side of the world', () => {
  start(behind);

  test('tells a gateway the private one and the carrier the public one', async () => {
    const call = aCall(names);
    const toGateway = await call.offer(offerOf({ inside: true }));
    const toCarrier = await call.answer(offered(PRIVATE), 'b');
    expect([addressIn(toGateway), addressIn(toCarrier)]).toEqual([PRIVATE, PUBLIC]);
    // A change of the call changes nothing of that.
    const again = await call.reoffer({ sdp: offered('192.0.2.1', 9_100), from: 'a' });
    expect(placeOf(again)).toEqual(placeOf(toGateway));
    expect(placeOf(await call.answer(offered(PRIVATE), 'b'))).toEqual(placeOf(toCarrier));
    const back = await call.reoffer({ sdp: offered(PRIVATE, 9_200), from: 'b' });
    expect(placeOf(back)).toEqual(placeOf(toCarrier));
    expect(addressIn(await call.answer(offered('192.0.2.1', 9_100), 'a'))).toBe(PRIVATE);
  });

  test('tells the target behind a lost gateway the public one again, and the caller keeps its port', async () => {
    const call = aCall(names);
    await call.offer(offerOf({ inside: true }));
    const first = placeOf(await call.answer(offered(PRIVATE), 'b'));
    const toTarget = await call.offer(offerOf());
    const second = placeOf(await call.answer(offered('192.0.2.9'), 'b'));
    expect([addressIn(toTarget), second]).toEqual([PUBLIC, first]);
  });

  test('tells whoever takes the place of a side by where that one is, and the side that stays hears of nothing', async () => {
    const call = aCall(names);
    await call.offer(offerOf());
    const toCarrier = await call.answer(offered('192.0.2.9'), 'b');
    const newcomer = call.newcomer('b');
    const { sdp } = offerOf();
    const toGateway = await newcomer.offer({ sdp, from: 'a', inside: true });
    expect(addressIn(toGateway)).toBe(PRIVATE);
    const told = await newcomer.takePlace(offered(PRIVATE, 9_300), sdp);
    expect(placeOf(told)).toEqual(placeOf(toCarrier));
    expect(placeOf(await call.reoffer({ sdp, from: 'a' }))).toEqual(placeOf(toGateway));
  });

  test.each([
    ['the caller and a gateway hear each other', names, true],
    ['which they do not where the gateway is told the public one', undefined, false],
  ] as const)('%s', async (_, interfaces, isHeard) => {
    await using caller = await anRtpPeer();
    const call = aCall(interfaces);
    const offer = await call.offer(offerOf({ sdp: caller.offer(), inside: true }));
    await using media = await openMedia({
      ...{ offer, format: { encoding: 'pcm16le', rate: 8_000 }, address: PRIVATE, ports: { min: 0, max: 0 } },
      ...{ clock: mediaClock, pacer: new Pacer(mediaClock), maxQueueMs: 10_000, silenceMs: 5_000 },
      listener: {
        audio: () => {},
        digit: () => {},
        mark: () => {},
        speech: () => {},
        silence: () => {},
        failed: () => {},
      },
    });
    const { port } = placeOf(await call.answer(media.answer, 'b'));
    const spoken = tone(1_000, 20);
    const speaking = setInterval(() => caller.speak(spoken, port), 20);
    try {
      if (isHeard) {
        await caller.until(() => caller.heard.length > 5);
        await expect.poll(() => media.stats().packetsReceived).toBeGreaterThan(5);
      } else {
        // rtpengine has passed it on: what the gateway does not take comes from an address that nobody named.
        await expect.poll(async () => (await call.heard()).a.packets).toBeGreaterThan(20);
        expect(media.stats().packetsReceived).toBe(0);
      }
    } finally {
      clearInterval(speaking);
    }
  });
});

describe('an rtpengine with one address for all', () => {
  start();

  test('tells it to everybody, also where the edge asks for interfaces that this one does not have yet', async () => {
    for (const interfaces of [undefined, names]) {
      const call = aCall(interfaces);
      const toGateway = await call.offer(offerOf({ inside: true }));
      const toCarrier = await call.answer(offered(PRIVATE), 'b');
      expect([addressIn(toGateway), addressIn(toCarrier)]).toEqual([PRIVATE, PRIVATE]);
      await call.end();
    }
  });
});
