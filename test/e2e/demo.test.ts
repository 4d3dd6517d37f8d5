import { expect, test } from 'vitest';
import { trunkline } from '../bin/run-cli.ts';

test('demo --json: one call to an agent over a WebSocket, with audio both ways, digits, a transfer and a complete record', async () => {
  const { code, stdout, stderr } = await trunkline('demo', '--json');
  const summary = JSON.parse(stdout);
  expect({
    code,
    stderr,
    failed: summary.checks.filter((check: { ok: boolean }) => !check.ok),
  }).toMatchObject({ code: 0, failed: [] });
  expect(summary).toMatchObject({
    ok: true,
    decision: { source: 'live' },
    digits: { atTheAgent: '12*4#', gap: 0 },
    record: { complete: true, reason: 'caller-hangup' },
  });
  expect(summary.agent.human.received).toBeGreaterThan(50);
});

test('demo --agent sip: the same call to an agent by SIP', async () => {
  const { code, stdout, stderr } = await trunkline('demo', '--json', '--agent', 'sip');
  const summary = JSON.parse(stdout);
  expect({
    code,
    stderr,
    failed: summary.checks.filter((check: { ok: boolean }) => !check.ok),
  }).toMatchObject({ code: 0, failed: [] });
  expect(summary).toMatchObject({
    ok: true,
    decision: { source: 'live' },
    // The agent sends each of them back.
    digits: { atTheAgent: '12*4#', received: 10, delivered: 10, gap: 0 },
    record: { complete: true, reason: 'caller-hangup' },
    media: { a: { measuredBy: 'capture' }, b: { measuredBy: 'capture' } },
  });
  expect(summary.media.a.packets).toBeGreaterThan(100);
  expect(summary.media.b.packets).toBeGreaterThan(100);
});

test('demo --no-eventbridge: decided from the snapshot, and every event arrives once the bus is back', async () => {
  const { code, stdout, stderr } = await trunkline('demo', '--json', '--no-eventbridge');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(JSON.parse(stdout)).toMatchObject({
    ok: true,
    decision: { source: 'snapshot' },
    record: { complete: true, missing: [] },
  });
});
