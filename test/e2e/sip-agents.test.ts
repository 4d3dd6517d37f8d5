import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { RoutingConfigInput } from '../../contracts/config.ts';
import type { EventOf } from '../../contracts/events.ts';
import { parseAuthHeader } from '../../edge-node/signaling/auth/auth-params.ts';
import { digestResponse } from '../../edge-node/signaling/auth/digest.ts';
import { freePort } from '../../local/free-ports.ts';
import { loudness, SAMPLE_RATE, tone, toneShare } from '../../local/phone/audio.ts';
import { authority } from '../certificates.ts';
import { SipPeer } from '../local/sip/sip-peer.ts';
import { type Baresip, startBaresip } from './baresip.ts';
import { NUMBER, type Platform, startPlatform } from './platform.ts';

/* The profiles of examples/agents/sip, with peers of this machine in the place of the providers. */

const PROJECT = 'proj_0123456789';
const LIVEKIT = '+15550101';
const account = { username: 'trunkline', password: 'hunter2-4711' };

const profile = (name: string): RoutingConfigInput => {
  const text = readFileSync(new URL(`../../examples/agents/sip/${name}`, import.meta.url), 'utf8');
  // With what it suggests in comments.
  return parse(text.replace(/^(\s+)# ((?:authentication|headers): \{.*\})$/gm, '$1$2'));
};

let opus: Baresip;
let asking: SipPeer;
let platform: Platform;

beforeAll(async () => {
  const { cert: ca, issues } = await authority();
  const certificate = await issues('127.0.0.1');
  opus = await startBaresip({
    ...{ says: 500, encryption: 'srtp-mand', codec: 'opus', tls: certificate },
    aor: `${PROJECT}@127.0.0.1`,
  });
  const sipPort = await freePort();
  asking = await SipPeer.udp(sipPort);
  const [live, livekit] = [profile('openai-live.yaml'), profile('livekit.yaml')];
  const at = (agent: RoutingConfigInput['agents'][string] | undefined, uri: string, more = {}) => ({
    ...agent,
    ...more,
    targets: [{ ...agent?.targets[0], uri }],
  });
  platform = await startPlatform({
    sipPort,
    tls: { ...certificate, ca },
    secrets: { 'trunkline/livekit': account.password },
    config: {
      ...live,
      trunks: { carrier: { ...livekit.trunks['carrier'], sources: ['127.0.0.0/8'] } },
      numbers: { [NUMBER]: { agent: 'live' }, [LIVEKIT]: { agent: 'livekit' } },
      agents: {
        live: at(live.agents['assistant'], `sip:${PROJECT}@127.0.0.1:${opus.tlsPort};transport=tls`),
        livekit: at(livekit.agents['assistant'], `sip:agent@127.0.0.1:${asking.port}`, { encryption: 'off' }),
      },
      policies: {
        ...livekit.policies,
        opus: { ...live.policies?.['opus'], quality: 'capture' },
      },
    } as RoutingConfigInput,
  });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  for (const part of [opus, asking]) await part?.[Symbol.asyncDispose]();
});

/** Share of the frames of 20 ms between the first loud one and the last that are about as loud as they all are together. */
function evenness(heard: Int16Array): number {
  const frame = SAMPLE_RATE / 50;
  const frames = Array.from({ length: Math.floor(heard.length / frame) }, (_, index) =>
    loudness(heard.subarray(index * frame, (index + 1) * frame)),
  );
  const inside = frames.slice(
    frames.findIndex((level) => level > 0.05),
    frames.findLastIndex((level) => level > 0.05) + 1,
  );
  const middle = inside.toSorted((a, b) => a - b)[inside.length >> 1] ?? 0;
  return inside.filter((level) => Math.abs(20 * Math.log10(level / middle)) < 2).length / inside.length;
}

describe('a carrier by UDP, RTP and PCMU, and an agent by TLS, SRTP and Opus', () => {
  test('hear each other: a tone in is a tone out both ways, and each side speaks as it must', async () => {
    const { carrier, record, events } = await platform.place({
      ...{ to: NUMBER, audio: tone(700, 1_000), talkMs: 3_000 },
    });
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(record).toMatchObject({
      ...{ complete: true, ended: { reason: 'caller-hangup' } },
    });
    expect(record.ended?.media).toMatchObject({ a: { codec: 'PCMU' }, b: { codec: 'opus' } });
    const there = await opus.heard();
    expect(toneShare(there, 700)).toBeGreaterThan(0.9);
    expect(toneShare(carrier.rtp.pcm, 500)).toBeGreaterThan(0.9);
    expect(evenness(there)).toBeGreaterThan(0.9);
    expect(evenness(carrier.rtp.pcm)).toBeGreaterThan(0.9);

    const answered = events.find(
      (event): event is EventOf<'call.answered'> => event.type === 'call.answered',
    );
    expect(answered).toMatchObject({ codecs: { a: 'PCMU', b: 'opus' }, transcoded: true });
    const { a, b } = answered?.negotiation ?? {};
    for (const sdp of [a?.said, a?.told]) {
      expect(sdp).toMatch(/^m=audio \d+ RTP\/AVP 0( 101)?$/m);
      expect(sdp).not.toMatch(/opus|a=crypto|a=fingerprint/i);
    }
    for (const sdp of [b?.said, b?.told]) {
      expect(sdp).toMatch(/^m=audio \d+ RTP\/SAVP /m);
      expect(sdp).toMatch(/^a=rtpmap:\d+ opus\/48000\/2$/m);
      expect(sdp?.match(/^a=crypto:\d+ AES_CM_128_HMAC_SHA1_80 /gm)).toHaveLength(1);
      expect(sdp).not.toMatch(/PCMU|PCMA|a=fingerprint/);
    }
    expect(events.find(({ type }) => type === 'call.received')).toMatchObject({
      source: { transport: 'udp' },
    });
  });
});

describe('an agent by SIP that asks for a password', () => {
  test('gets it by digest from the secrets store, and the headers of the caller that the profile passes', async () => {
    const placed = platform.place({
      to: LIVEKIT,
      script: { expect: 486, headers: ['X-Account: 42', 'X-Campaign-Name: spring', 'X-Other: no'] },
    });
    const first = await asking.next(/^INVITE /);
    expect(first.header('authorization')).toBe('');
    expect([first.header('x-account'), first.header('x-campaign-name'), first.header('x-other')]).toEqual([
      '42',
      'spring',
      '',
    ]);
    const challenge = 'WWW-Authenticate: Digest realm="agents", nonce="n1", algorithm=SHA-256, qop="auth"';
    asking.reply(first, '401 Unauthorized', { headers: [challenge] });
    await asking.next(/^ACK /);
    const second = await asking.next(/^INVITE /);
    asking.reply(second, '486 Busy Here');
    await asking.next(/^ACK /);
    const params = parseAuthHeader(second.header('authorization'))?.[0]?.params;
    const get = (name: string) => params?.get(name) ?? '';
    const expected = digestResponse({
      ...{ ...account, method: 'INVITE', uri: get('uri'), realm: 'agents', nonce: 'n1' },
      ...{ algorithm: 'SHA-256', session: false },
      protection: { qop: 'auth', nc: '00000001', cnonce: get('cnonce') },
    });
    expect([get('username'), get('response'), get('nc')]).toEqual([account.username, expected, '00000001']);
    const { carrier, events } = await placed;
    expect(carrier).toMatchObject({ ok: true });
    expect(JSON.stringify(events)).not.toMatch(/hunter2|trunkline\/livekit/);
  });
});
