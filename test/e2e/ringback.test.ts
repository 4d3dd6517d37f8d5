import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { type Heard, SipPeer, sdp } from '../local/sip/sip-peer.ts';
import { NUMBER, type Platform, routeTo, startPlatform } from './platform.ts';

/* What the caller hears while one target after the other is called, message by message. */

let platform: Platform;
let edge: number;
let first: SipPeer;
let second: SipPeer;
let caller: SipPeer;

beforeAll(async () => {
  edge = await freePort();
  [first, second, caller] = [await SipPeer.udp(edge), await SipPeer.udp(edge), await SipPeer.udp(edge)];
  const targets = [first, second].map(({ port }) => `sip:agent@127.0.0.1:${port}`);
  platform = await startPlatform({ config: routeTo(targets, { quality: 'rtcp' }), sipPort: edge });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  for (const peer of [first, second, caller]) await peer?.[Symbol.asyncDispose]();
});

const request = (method: string, callId: string, parts: object = {}) =>
  caller.request(method, edge, { callId, uri: `sip:${NUMBER}@127.0.0.1:${edge}`, ...parts });

/** Port to which the caller has to send its audio. */
const audioPort = ({ body }: Heard) => /m=audio (\d+)/.exec(body)?.[1];
const shape = (heard: Heard) =>
  `${heard.startLine.split(' ')[1]}${heard.body ? ' with SDP' : ''}${heard.header('rseq') ? ' reliably' : ''}`;

/** Everything that was said of this INVITE; what is repeated until it is acknowledged, once. */
function heardOf(callId: string): Heard[] {
  const all = caller.heard.filter(
    (each) => each.header('call-id') === callId && /INVITE/.test(each.header('cseq')),
  );
  const isRepeated = (each: Heard) => each.header('rseq') !== '' || !each.startLine.startsWith('SIP/2.0 1');
  return all.filter(
    (each, index) =>
      each.startLine !== 'SIP/2.0 100 Trying' &&
      !(isRepeated(each) && all.findIndex(({ text }) => text === each.text) < index),
  );
}

const of = (callId: string, status: number) => (message: Heard) =>
  message.header('call-id') === callId && message.startLine.startsWith(`SIP/2.0 ${status} `);

async function endCall(callId: string, answered: Heard): Promise<void> {
  const to = answered.header('to');
  caller.send(request('ACK', callId, { to }));
  caller.send(request('BYE', callId, { cseq: 9, to }));
  second.reply(await second.next(/^BYE/), '200 OK');
  await platform.env.settled();
}

test('a target that played something and failed is followed by ringing; the caller never has to move its audio', async () => {
  const callId = 'unreliable@ringback';
  caller.send(request('INVITE', callId, { body: sdp(25_000) }));
  const one = await first.next(/^INVITE/);
  first.reply(one, '183 Session Progress', { body: sdp(25_100) });
  await caller.until(of(callId, 183));
  first.reply(one, '500 Server Internal Error');
  const other = await second.next(/^INVITE/);
  await caller.until(of(callId, 180));
  second.reply(other, '180 Ringing');
  second.reply(other, '183 Session Progress', { body: sdp(25_200) });
  await caller.until(of(callId, 183));
  second.reply(other, '200 OK', { body: sdp(25_200) });
  const answered = await caller.until(of(callId, 200));
  await second.next(/^ACK/);
  await endCall(callId, answered);

  const heard = heardOf(callId);
  expect(heard.map(shape)).toEqual(['183 with SDP', '180', '180', '183 with SDP', '200 with SDP']);
  expect(new Set(heard.filter(({ body }) => body).map(audioPort)).size).toBe(1);
  expect(new Set(heard.map((each) => each.header('to'))).size).toBe(1);
  expect(audioPort(one)).toBeDefined();
});

test('a caller with reliable provisional responses gets one answer, and the second target plays by it', async () => {
  const callId = 'reliable@ringback';
  caller.send(request('INVITE', callId, { body: sdp(25_000), headers: ['Supported: 100rel'] }));
  const one = await first.next(/^INVITE/);
  first.reply(one, '183 Session Progress', { body: sdp(25_100) });
  const early = await caller.until(of(callId, 183));
  const rack = `RAck: ${early.header('rseq')} 1 INVITE`;
  caller.send(request('PRACK', callId, { cseq: 2, to: early.header('to'), headers: [rack] }));
  await caller.until((heard) => of(callId, 200)(heard) && /PRACK/.test(heard.header('cseq')));
  first.reply(one, '503 Service Unavailable');
  const other = await second.next(/^INVITE/);
  await caller.until(of(callId, 180));
  second.reply(other, '183 Session Progress', { body: sdp(25_200) });
  await caller.until(of(callId, 183));
  second.reply(other, '200 OK', { body: sdp(25_200) });
  const answered = await caller.until(
    (heard) => of(callId, 200)(heard) && /INVITE/.test(heard.header('cseq')),
  );
  await second.next(/^ACK/);
  await endCall(callId, answered);

  const heard = heardOf(callId);
  expect(heard.map(shape)).toEqual(['183 with SDP reliably', '180', '183', '200 with SDP']);
  expect(new Set(heard.filter(({ body }) => body).map(audioPort)).size).toBe(1);
});

test('a target that rang and failed is followed by more ringing, and by a fresh offer to the next', async () => {
  const callId = 'ringing@ringback';
  caller.send(request('INVITE', callId, { body: sdp(25_000) }));
  const one = await first.next(/^INVITE/);
  first.reply(one, '180 Ringing');
  await caller.until(of(callId, 180));
  first.reply(one, '503 Service Unavailable');
  const other = await second.next(/^INVITE/);
  second.reply(other, '180 Ringing');
  await caller.until(of(callId, 180));
  second.reply(other, '486 Busy Here');
  await caller.until(of(callId, 486));
  caller.send(request('ACK', callId));
  await platform.env.settled();
  expect(heardOf(callId).map(shape)).toEqual(['180', '180', '486']);
  expect(other.header('call-id')).not.toBe(one.header('call-id'));
});
