import { readFileSync } from 'node:fs';
import pino from 'pino';
import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { RoutingConfig } from '../../contracts/config.ts';
import { startEcho } from '../../examples/agents/echo/echo.ts';
import { startGateway } from '../../gateway/gateway.ts';
import { readSettings } from '../../gateway/settings.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { anRtpPeer } from './media/an-rtp-peer.ts';

test('the configuration of the example is one', () => {
  const file = new URL('../../examples/agents/echo/trunkline.yaml', import.meta.url);
  expect(() => RoutingConfig.parse(parse(readFileSync(file, 'utf8')))).not.toThrow();
});

describe.each([
  ['pcm', 8_000],
  ['pcm', 16_000],
  ['pcm', 24_000],
  ['twilio', 8_000],
] as const)('the echo agent by %s at %i Hz', (dialect, rate) => {
  test('says what the caller says, and hears his keys', async () => {
    const keys: string[] = [];
    await using echo = await startEcho({ onKey: (key) => void keys.push(key) });
    const settings = readSettings({
      GATEWAY_THREADS: 1,
      GATEWAY_PRIVATE_AGENTS: 'allow',
      LOG_LEVEL: 'silent',
    });
    await using gateway = await startGateway(settings, { logger: pino({ level: 'silent' }) });
    await using caller = await anRtpPeer();
    const request = {
      ...{ callId: ulid(), sdp: caller.offer(), call: { from: '+15550199', to: '+15550100' } },
      agent: { url: echo[dialect], dialect, rate },
    };
    const answered = await fetch(`${gateway.url}/sessions`, {
      method: 'POST',
      body: JSON.stringify(request),
    });
    const { sdp } = (await answered.json()) as { sdp: string };
    const port = Number(/m=audio (\d+) /.exec(sdp)?.[1]);
    const spoken = tone(1_000, 400);
    for (let at = 0; at < spoken.length; at += 160) caller.speak(spoken.subarray(at, at + 160), port);
    caller.press(4, port);
    const audible = () => caller.audio().filter((sample) => Math.abs(sample) > 200);
    await caller.until(() => audible().length > 2_600 && keys.length > 0);
    const heard = caller.audio();
    const from = heard.findIndex((sample) => Math.abs(sample) > 1_000);
    expect(toneShare(heard.subarray(from + 160, from + 2_400), 1_000)).toBeGreaterThan(0.95);
    expect(keys).toEqual(['4']);
  });
});
