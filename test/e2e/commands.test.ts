import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { NUMBER, type Platform, routeTo, startPlatform } from './platform.ts';
import { sayOnBus } from './say-on-bus.ts';

let platform: Platform;
let port: number;

beforeAll(async () => {
  port = await freePort();
  platform = await startPlatform({ config: routeTo([`sip:agent@127.0.0.1:${port}`]) });
});
afterAll(() => platform?.[Symbol.asyncDispose]());

const command = (type: string, callId: string, payload = {}) => ({
  ...{ version: 1, id: ulid(), type, callId },
  ...payload,
});

test('call.hangup ends a live call on both sides, and sent again it changes nothing', async () => {
  await using agent = await startAgent({ port, calls: 1 });
  const heard = platform.next('media.started');
  const audio = tone(700, 1_000);
  const placed = platform.place({ to: NUMBER, audio, talkMs: 'until hung up' });
  const { callId } = await heard;
  const hangup = command('call.hangup', callId, { reason: 'end of the shift' });
  await sayOnBus(platform.env, 'call.hangup', hangup);
  await sayOnBus(platform.env, 'call.hangup', hangup);

  const { carrier, record } = await placed;
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(toneShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
  expect(await agent.ended).toBe(0);
  expect(record).toMatchObject({
    complete: true,
    ended: { reason: 'hung-up-by-command', blame: 'policy', detail: 'end of the shift' },
  });
  const answers = platform.said(callId).filter(({ type }) => type.startsWith('command.'));
  expect(answers).toMatchObject([{ type: 'command.applied', commandId: hangup.id, command: 'call.hangup' }]);
});

test('call.reject refuses a call that rings with the status it names', async () => {
  await using agent = await startAgent({ port, silent: true, calls: 1 });
  const rings = platform.next('call.ringing');
  const placed = platform.place({ to: NUMBER, script: { expect: 486 } });
  const { callId } = await rings;
  await sayOnBus(platform.env, 'call.reject', command('call.reject', callId, { sipStatus: 486 }));

  const { carrier, record } = await placed;
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(await agent.ended).toBe(0);
  expect(record).toMatchObject({ complete: true, ended: { reason: 'rejected-by-command', sipStatus: 486 } });
});

test('call.reject of an answered call is refused with the remedy, and the call goes on', async () => {
  await using _ = await startAgent({ port });
  const answered = platform.next('call.answered');
  const placed = platform.place({ to: NUMBER, talkMs: 1_000 });
  const { callId } = await answered;
  const refused = platform.next('command.refused');
  await sayOnBus(platform.env, 'call.reject', command('call.reject', callId));
  expect(await refused).toMatchObject({ callId, reason: 'wrong-state' });
  expect((await refused).message).toContain('call.hangup');
  expect((await placed).record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });
});

test('a command for a call that is over is refused, and so is one for a call that never was', async () => {
  await using _ = await startAgent({ port });
  const { record } = await platform.place({ to: NUMBER, talkMs: 200 });
  const over = platform.next('command.refused');
  await sayOnBus(platform.env, 'call.hangup', command('call.hangup', record.callId));
  expect(await over).toMatchObject({ callId: record.callId, reason: 'call-ended' });

  const unknown = ulid();
  const never = platform.next('command.refused');
  await sayOnBus(platform.env, 'call.hangup', command('call.hangup', unknown));
  expect(await never).toMatchObject({ callId: unknown, reason: 'unknown-call' });
});

test('a command whose name is mistyped is refused, whoever of our clients says it', async () => {
  for (const source of ['trunkline.client', 'trunkline.command']) {
    const refused = platform.next('command.refused');
    await sayOnBus(platform.env, 'call.hangupp', command('call.hangupp', ulid()), source);
    expect(await refused).toMatchObject({ command: 'call.hangupp', reason: 'invalid' });
  }
});
