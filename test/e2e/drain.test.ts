import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { answerToOptions, askOptions } from './ask-options.ts';
import { NUMBER, type Platform, routeTo, startPlatform } from './platform.ts';

let platform: Platform;
let port: number;

beforeAll(async () => {
  port = await freePort();
  const config = routeTo([`sip:agent@127.0.0.1:${port}`]);
  platform = await startPlatform({ config, edge: 'process' });
});
afterAll(() => platform?.[Symbol.asyncDispose]());

const ready = async () => {
  const { host, port: http } = platform.env.edge.http;
  const answer = await fetch(`http://${host}:${http}/ready`);
  return { status: answer.status, ...((await answer.json()) as { ready: boolean; missing: string[] }) };
};

test('a healthy edge answers OPTIONS with 200 and is ready', async () => {
  expect(await askOptions(platform.env.sip)).toBe(200);
  expect(await ready()).toMatchObject({ status: 200, ready: true, missing: [] });
});

test('SIGTERM refuses new calls at once and ends those that are up when their time is over', async () => {
  await using agent = await startAgent({ port, calls: 1 });
  const { env, next } = platform;
  const answered = next('call.answered');
  const running = env.call({ to: NUMBER, talkMs: 'until hung up' });
  const { callId } = await answered;

  const draining = next('edge.draining');
  const stopped = next('edge.stopped');
  const over = env.edge.stop();
  expect(await draining).toMatchObject({ calls: 1 });
  expect(await answerToOptions(env.sip)).toEqual({ status: 503, retryAfter: 5 });
  expect(await ready()).toMatchObject({ status: 503, ready: false, missing: ['accepting'] });
  const script = { expect: 503, expectHeader: 'Retry-After' };
  expect(await env.call({ to: NUMBER, script })).toMatchObject({ ok: true, errors: '' });

  expect(await stopped).toMatchObject({ endedCalls: 1 });
  expect(await running).toMatchObject({ ok: true, errors: '' });
  expect(await agent.ended).toBe(0);
  await over;
  await env.cloud.settled();
  expect(await env.state.call(callId)).toMatchObject({
    complete: true,
    ended: { reason: 'edge-draining', by: 'edge' },
  });
});

test('an edge that starts anew takes calls again', async () => {
  await using _ = await startAgent({ port });
  const started = platform.next('edge.started');
  await platform.env.restartEdge();
  await started;
  expect(await askOptions(platform.env.sip)).toBe(200);
  const { carrier, record } = await platform.place({ to: NUMBER, talkMs: 300 });
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });
});
