import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sources } from '../../contracts/envelope.ts';
import { freePort } from '../../local/free-ports.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { NUMBER, type Platform, routeTo, startPlatform } from './platform.ts';
import { sayOnBus } from './say-on-bus.ts';

let platform: Platform;
let port: number;
const audio = tone(700, 1_000);

beforeAll(async () => {
  port = await freePort();
  platform = await startPlatform({ config: routeTo([`sip:agent@127.0.0.1:${port}`]) });
});
afterAll(() => platform?.[Symbol.asyncDispose]());

const expectNextCallWorks = async () => {
  await using _ = await startAgent({ port });
  const { carrier, record } = await platform.place({ to: NUMBER, audio, talkMs: 500 });
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(toneShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
  expect(record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });
};

const sdp = (media: string) => `v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
${media}
`;

describe('an INVITE', () => {
  test.each([
    ['whose SDP cannot be read', { script: { body: 'v=nonsense\n' } }, 400, 'malformed-request'],
    ['whose SDP has no audio', { script: { body: sdp('m=video 9 RTP/AVP 96') } }, 400, 'malformed-request'],
    ['without a codec of ours', { script: { body: sdp('m=audio 9 RTP/AVP 3') } }, 488, 'no-common-codec'],
    ['for a number that nobody has', { to: '+15559999' }, 404, 'unknown-number'],
  ])('%s is refused, and the record says why', async (_, call, status, reason) => {
    const script = { ...('script' in call ? call.script : {}), expect: status };
    const { carrier, record } = await platform.place({ to: NUMBER, ...call, script });
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(record).toMatchObject({
      complete: true,
      ended: { reason, blame: 'caller', sipStatus: status, talkMs: 0, media: null },
    });
  });

  test('from an address of no trunk is refused with 403, and leaves no record', async () => {
    const trunks = { carrier: { sources: ['192.0.2.0/24'] } };
    await using elsewhere = await startPlatform({ config: { ...routeTo(['sip:agent@127.0.0.1']), trunks } });
    const carrier = await elsewhere.env.call({ to: NUMBER, script: { expect: 403 } });
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(await elsewhere.metrics()).toContain('trunkline_invites_refused_total{reason="unknown-source"} 1');
    await elsewhere.env.settled();
    expect(elsewhere.env.events('call.')).toEqual([]);
    expect(await elsewhere.env.calls()).toEqual([]);
  });

  test('with a header of 7 kB is taken like any other', async () => {
    await using agent = await startAgent({ port, calls: 1 });
    const headers = [`X-Long: ${'a'.repeat(7_000)}`];
    const { carrier, record } = await platform.place({ to: NUMBER, talkMs: 300, script: { headers } });
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });
    expect(await agent.ended).toBe(0);
  });

  test.each([10_000, 50_000])(
    'with a header of %i bytes is refused with 400 before it is a call',
    async (bytes) => {
      const { env } = platform;
      await env.settled();
      const received = env.events('call.received').length;
      const headers = [`X-Long: ${'a'.repeat(bytes)}`];
      const carrier = await env.call({ to: NUMBER, script: { headers, expect: 400 } });
      expect(carrier).toMatchObject({ ok: true, errors: '' });
      await env.settled();
      expect(env.events('call.received')).toHaveLength(received);
      await expectNextCallWorks();
    },
  );
});

describe('on the bus', () => {
  test('a command with a wrong field is refused with the path of the field', async () => {
    const command = { version: 1, id: ulid(), type: 'call.hangup', callId: ulid(), reason: 'with "quotes"' };
    const refused = platform.next('command.refused');
    await sayOnBus(platform.env, 'call.hangup', command);
    expect(await refused).toMatchObject({ commandId: command.id, callId: command.callId, reason: 'invalid' });
    expect((await refused).message).toMatch(/^reason: must be printable ASCII/);
  });

  test('an event of somebody else is nothing to us', async () => {
    const { env } = platform;
    await env.settled();
    const [before, records] = [env.cloud.usage(), await env.calls()];
    await sayOnBus(env, 'call.received', { callId: ulid(), seq: 0 }, 'somebody.else');
    await sayOnBus(env, 'order.placed', { order: 1 }, sources.edge);
    await env.settled();
    expect(env.cloud.usage()).toMatchObject({ events: before.events + 2, invocations: before.invocations });
    expect(await env.calls()).toEqual(records);
  });

  test('an event that cannot be read ends in the dead letters with the path of the field', async () => {
    const { env } = platform;
    const event = env.events('call.received').findLast(({ source }) => source === sources.edge);
    const broken = { ...(event?.detail as object), id: ulid(), callId: 'not-a-ulid' };
    await sayOnBus(env, 'call.received', broken, sources.edge);
    await env.settled();
    const letters = env.cloud.queues
      .filter((name) => name === 'trunkline-dead-letters-project-call')
      .flatMap((name) => env.cloud.queueMessages(name));
    expect(letters).toHaveLength(1);
    expect(letters[0]).toContain('callId: must be a ULID (26 characters)');
    expect(letters[0]).toContain(broken.id);
    await expectNextCallWorks();
  });
});

describe('in the queue of the edge', () => {
  const send = async (body: string) => {
    const client = new SQSClient({
      endpoint: platform.env.cloud.endpoint,
      region: platform.env.edgeEnvironment.AWS_REGION,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    const QueueUrl = platform.env.edgeEnvironment.TRUNKLINE_QUEUE_URL;
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
    client.destroy();
  };
  const count = async (kind: string, outcome: string) => {
    const line = `trunkline_queue_messages_total{kind="${kind}",outcome="${outcome}"}`;
    const found = (await platform.metrics()).split('\n').find((each) => each.startsWith(line));
    return Number(found?.slice(line.length) ?? 0);
  };

  test('a decision for a call that is over is counted and changes nothing', async () => {
    const [over] = (await platform.env.calls()).slice(-1);
    const decision = {
      ...{ kind: 'decision', version: 1, id: ulid(), callId: over?.callId, eventId: ulid() },
      ...{ time: new Date().toISOString(), expiresAt: '2099-01-01T00:00:00.000Z', configVersion: 1 },
      route: { action: 'refuse', reason: 'rejected-by-route' },
    };
    const before = await count('decision', 'foreign');
    await send(JSON.stringify(decision));
    await expect.poll(() => count('decision', 'foreign')).toBe(before + 1);
    expect(await platform.env.state.call(over?.callId ?? '')).toEqual(over);
  });

  test('garbage is counted, taken out and hurts no call', async () => {
    const before = await count('unknown', 'invalid');
    for (const body of ['no JSON', '{"kind":"decision"}', '[]']) await send(body);
    await expect.poll(() => count('unknown', 'invalid')).toBe(before + 3);
    await expectNextCallWorks();
  });
});

test('an rtpengine that stops to answer costs calls a 503 until it answers again', async () => {
  const { env, next } = platform;
  const ready = async () => {
    const { host, port: http } = env.edge.http;
    return ((await (await fetch(`http://${host}:${http}/ready`)).json()) as { missing: string[] }).missing;
  };
  await expect.poll(ready).toEqual([]);
  // Held, so that rtpengine stops after the call was let in and before it is asked for anything.
  env.cloud.delayFunction('DecideRoute', 400);
  const received = next('call.received');
  const placed = platform.place({ to: NUMBER, script: { expect: 503 } });
  await received;
  process.kill(env.rtpengine.pid, 'SIGSTOP');
  try {
    const { carrier, record } = await placed;
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(record).toMatchObject({
      complete: true,
      ended: { reason: 'media-unavailable', blame: 'platform', sipStatus: 503 },
    });
    await expect.poll(ready).toEqual(['rtpengine']);
    expect(await env.call({ to: NUMBER, script: { expect: 503 } })).toMatchObject({ ok: true, errors: '' });
    expect(await platform.metrics()).toContain('trunkline_invites_refused_total{reason="edge-not-ready"} 1');
  } finally {
    process.kill(env.rtpengine.pid, 'SIGCONT');
    env.cloud.delayFunction('DecideRoute', 0);
  }
  await expect.poll(ready).toEqual([]);
  await expectNextCallWorks();
});
