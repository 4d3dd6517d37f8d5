import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AppFolder, openApp } from '../../bin/cli/app-folder.ts';
import { checkConfig } from '../../bin/cli/config-file.ts';
import { freePort } from '../../local/free-ports.ts';
import { audioFile, likeness, SAMPLE_RATE, tone, toneShare } from '../../local/phone/audio.ts';
import { type Carrier, startCarrier } from '../../local/phone/carrier.ts';
import { NUMBER, type Platform, startPlatform } from './platform.ts';

const example = fileURLToPath(new URL('../../examples/ivr/', import.meta.url));
const names = ['reception', 'sales', 'support'] as const;

let app: AppFolder;
let platform: Platform;
let agents: Readonly<Record<(typeof names)[number], Carrier>>;

/** The configuration of the example, its agents at ports that are free here. */
async function configAt(ports: readonly number[]) {
  let text = await readFile(app.config ?? '', 'utf8');
  for (const [index, name] of names.entries())
    text = text.replace(new RegExp(`sip:${name}@[\\d.:]+`), `sip:${name}@127.0.0.1:${ports[index]}`);
  const checked = checkConfig(text);
  if (!checked.ok) throw new Error(JSON.stringify(checked.faults));
  return checked.config;
}

beforeAll(async () => {
  app = await openApp(example);
  const ports = [await freePort(), await freePort(), await freePort()] as const;
  const [reception, sales, support] = [
    await startCarrier(ports[0]),
    await startCarrier(ports[1]),
    await startCarrier(ports[2]),
  ];
  agents = { reception, sales, support };
  platform = await startPlatform({
    config: await configAt(ports),
    apps: [app.assembly],
    edgeSettings: { TRUNKLINE_PROMPTS_DIR: app.prompts ?? '' },
  });
}, 120_000);

afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  for (const agent of Object.values(agents ?? {})) await agent[Symbol.asyncDispose]();
  await app?.[Symbol.asyncDispose]();
});

test("a customer's functions greet a real caller, take the key and transfer the call", async () => {
  const audio = tone(700, 1_000);
  const { carrier, record, events } = await platform.place({
    ...{ to: NUMBER, audio, digits: '1', digitsAfterMs: 3_000, talkMs: 8_000 },
  });
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  const { pcm } = carrier.rtp;
  const welcome = await audioFile(join(app.prompts ?? '', 'welcome.wav'));
  const begun = welcome.subarray(0, 2 * SAMPLE_RATE);
  expect(likeness(begun, pcm.subarray(0, 3 * SAMPLE_RATE))).toBeGreaterThan(0.7);
  // Sales sends back what it hears.
  expect(toneShare(pcm.subarray(-SAMPLE_RATE), 700)).toBeGreaterThan(0.8);
  expect([agents.sales.called, agents.support.called]).toEqual([['sales'], []]);
  expect(record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });
  const told = events.map(({ type }) => type);
  expect(told).toEqual(expect.arrayContaining(['media.played', 'dtmf.collected', 'call.transferred']));
  expect(told).not.toContain('command.refused');
});

test('who presses wrong keys twice hears goodbye and is hung up by the function', async () => {
  const { carrier, record } = await platform.place({
    ...{ to: NUMBER, digits: '99', digitsAfterMs: 1_500, talkMs: 'until hung up' },
  });
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(record.ended).toMatchObject({ reason: 'hung-up-by-command', detail: 'nothing was chosen' });
  const goodbye = await audioFile(join(app.prompts ?? '', 'goodbye.wav'));
  expect(likeness(goodbye, carrier.rtp.pcm.subarray(-goodbye.length - SAMPLE_RATE))).toBeGreaterThan(0.7);
});
