import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { type Platform, startPlatform } from './platform.ts';
import { sayOnBus } from './say-on-bus.ts';

let platform: Platform;
let [carrier, agent] = [0, 0];

beforeAll(async () => {
  [carrier, agent] = [await freePort(), await freePort()];
  platform = await startPlatform({
    config: {
      version: 1,
      trunks: {
        carrier: { endpoints: [{ host: '127.0.0.1', port: carrier }], probe: { everySeconds: 3600 } },
      },
      numbers: {},
      routes: { all: { prefix: '+', from: ['carrier'], trunks: [{ trunk: 'carrier' }] } },
      agents: { desk: { targets: [{ uri: `sip:desk@127.0.0.1:${agent}` }] } },
    },
  });
});
afterAll(() => platform?.[Symbol.asyncDispose]());

const origination = (but = {}) => ({
  ...{ version: 1, id: ulid(), type: 'call.originate', callId: ulid() },
  ...{ to: { number: '+15550177' }, connect: { agent: 'desk' }, from: '+15550100', ringSeconds: 5 },
  ...but,
});
const send = (command: { readonly type: string }) => sayOnBus(platform.env, command.type, command);
const hangup = (callId: string) => ({ version: 1, id: ulid(), type: 'call.hangup', callId });
const ended = (callId: string) => platform.next('call.ended', (event) => event.callId === callId);

test('call.originate calls a number, then the agent, and they hear each other; sent twice it is one call', async () => {
  await using number = await startAgent({ port: carrier, calls: 1, echo: false, says: tone(440, 1_000) });
  await using desk = await startAgent({ port: agent, calls: 1 });
  const both = platform.next('media.started');
  const command = origination();
  await send(command);
  await send(command);
  const { callId } = await both;
  expect(callId).toBe(command.callId);
  // The agent sends back what it hears: the number's own tone has been through both of them.
  const heard = async () => toneShare((await number.report()).pcm.slice(-4_000), 440);
  await expect.poll(heard, { timeout: 10_000 }).toBeGreaterThan(0.9);
  expect(toneShare((await desk.report()).pcm.slice(-4_000), 440)).toBeGreaterThan(0.9);

  const over = ended(callId);
  await send(hangup(callId));
  await over;
  expect(await Promise.all([number.ended, desk.ended])).toEqual([0, 0]);
  await platform.env.settled();
  const record = await platform.env.state.call(callId);
  expect(record).toMatchObject({
    complete: true,
    originated: { commandId: command.id, to: { number: '+15550177' }, connect: 'agent desk' },
    firstAnswered: { target: 'carrier-1' },
    answered: { target: 'desk-1', codecs: { a: 'PCMU', b: 'PCMU' } },
    ended: { reason: 'hung-up-by-command' },
  });
  expect(platform.said(callId).filter(({ type }) => type === 'call.originated')).toHaveLength(1);
});

test('call.originate to a number that is busy ends as such, and no agent is called', async () => {
  await using number = await startAgent({ port: carrier, calls: 1, refuse: 486 });
  const command = origination();
  const over = ended(command.callId);
  await send(command);
  expect(await over).toMatchObject({ reason: 'callee-busy', sipStatus: 486 });
  expect(await number.ended).toBe(0);
  await platform.env.settled();
  expect(await platform.env.state.call(command.callId)).toMatchObject({ complete: true });
});

test('call.originate to nobody we know, or once more under another id, is refused', async () => {
  const unknown = origination({ to: { agent: 'nobody' } });
  const refused = () => platform.next('command.refused', ({ callId }) => callId === unknown.callId);
  const first = refused();
  await send(unknown);
  expect(await first).toMatchObject({
    reason: 'failed',
    message: expect.stringContaining('to: unknown-number'),
  });
  const second = refused();
  await send(origination({ callId: unknown.callId }));
  expect(await second).toMatchObject({ reason: 'wrong-state' });
});
