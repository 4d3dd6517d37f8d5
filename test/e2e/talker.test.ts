import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { RoutingConfig } from '../../contracts/config.ts';
import { GREETING, startTalker } from '../../examples/agents/talker/talker.ts';
import { spoken } from '../../examples/agents/talker/voice.ts';
import { freePort } from '../../local/free-ports.ts';
import { likeness, tone } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { NUMBER, routeTo, startPlatform } from './platform.ts';

test('the talking agent greets, says a key back, and leads to a human on 0', async () => {
  const file = new URL('../../examples/agents/talker/trunkline.yaml', import.meta.url);
  expect(() => RoutingConfig.parse(parse(readFileSync(file, 'utf8')))).not.toThrow();
  const keys: string[] = [];
  const port = await freePort();
  await using talker = await startTalker({ onKey: (key) => void keys.push(key) });
  await using human = await startAgent({ port });
  const config = routeTo([]);
  await using platform = await startPlatform({
    config: {
      ...config,
      agents: {
        echo: {
          targets: [{ websocket: talker.url, rate: 16_000, parameters: { human: 'desk' } }],
          policy: 'tested',
        },
        desk: { targets: [{ uri: `sip:desk@127.0.0.1:${port}` }], policy: 'tested' },
      },
    },
  });
  const audio = tone(500, 1_000);
  const greeting = at8k(await spoken(GREETING));
  const greeted = await platform.place({ to: NUMBER, audio, talkMs: Math.ceil(greeting.length / 8) + 600 });
  expect(greeted.carrier).toMatchObject({ ok: true, errors: '' });
  expect(likeness(greeting, greeted.carrier.rtp.pcm)).toBeGreaterThan(0.8);

  const press = { digits: '7', digitsAfterMs: 1_000 };
  const { carrier, record } = await platform.place({ to: NUMBER, audio, ...press, talkMs: 4_000 });
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(record).toMatchObject({ complete: true, digitCount: { received: 1, delivered: 1 } });
  const answer = at8k(await spoken('You pressed 7.'));
  expect(likeness(answer, carrier.rtp.pcm)).toBeGreaterThan(0.8);

  const transferred = platform.next('call.transferred');
  const second = platform.place({ to: NUMBER, audio, digits: '0', talkMs: 4_000 });
  await transferred;
  expect((await second).record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });
  expect((await human.report()).received).toBeGreaterThan(50);
  expect(keys).toEqual(['7', '0']);
});

/** Every second sample of 16 kHz. */
const at8k = (audio: Buffer) =>
  new Int16Array(Uint8Array.from(audio).buffer).filter((_, index) => index % 2 === 0);
