import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { trunkline } from './run-cli.ts';

const config = ['--config', 'examples/two-carriers/trunkline.yaml'];

const withNumber = `version: 1
trunks:
  carrier: { sources: [127.0.0.1/32] }
  mobile: { endpoints: [{ host: 127.0.0.9, port: 5060 }] }
numbers: { "+15550100": { agent: desk } }
routes: { abroad: { prefix: "+49", from: [mobile], trunks: [{ trunk: mobile }] } }
agents:
  desk: { targets: [{ websocket: "wss://agent.example.com/call" }, { number: "+4930123456", priority: 2 }] }
`;

describe('route-test', () => {
  test('says which rule decided, and connects', async () => {
    const at = ['--at', '2026-11-23T15:00:00Z'];
    const { code, stdout } = await trunkline(
      'route-test',
      '+15550100',
      ...config,
      '--trunk',
      'carrier-one',
      ...at,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/numbers\.\+15550100\.rules\.0 +caller "\+15550199" is not one of anonymous/);
    expect(stdout).toMatch(/numbers\.\+15550100\.rules\.1 +holds/);
    expect(stdout).toContain('connected to agent "desk": sip:desk@127.0.0.5:5080');
    expect(stdout).toContain('if that fails: sip:desk@127.0.0.5:5081');
  });

  test('at night, for a machine', async () => {
    const args = ['--source', '127.0.0.4', '--at', '2026-11-23T03:00:00Z', '--json'];
    const { code, stdout } = await trunkline('route-test', '+15550100', ...config, ...args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      trunk: 'carrier-two',
      route: { action: 'connect', agent: 'night' },
      rules: expect.arrayContaining([{ rule: 'source 127.0.0.4', outcome: 'is trunk "carrier-two"' }]),
    });
  });

  test('out over a carrier, without the one that must not call there', async () => {
    const { code, stdout } = await trunkline('route-test', '+442071234567', ...config, '--trunk', 'agents');
    expect(code).toBe(0);
    expect(stdout).toContain('connected out over route "world": sip:+442071234567@127.0.0.3:5070');
    expect(stdout).not.toContain('127.0.0.4');
  });

  test('a refusal is exit code 1 with the reason in words', async () => {
    const premium = await trunkline('route-test', '+19005550123', ...config, '--trunk', 'agents');
    expect(premium.code).toBe(1);
    expect(premium.stdout).toContain('deny +1900: +19005550123 is not called over this trunk');
    expect(premium.stdout).toContain('refused with 403: destination-denied');
    const stranger = await trunkline('route-test', '+15550100', ...config, '--source', '192.0.2.1');
    expect(stranger.code).toBe(1);
    expect(stranger.stdout).toContain('refused with 403: unknown-source');
  });

  test('shows what becomes of a number that is a target of an agent', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'trunkline-route-'));
    const path = join(folder, 'trunkline.yaml');
    await writeFile(path, withNumber);
    const { code, stdout } = await trunkline(
      'route-test',
      '+15550100',
      '--config',
      path,
      '--trunk',
      'carrier',
    );
    await rm(folder, { recursive: true });
    expect(code).toBe(0);
    expect(stdout).toMatch(/target desk-2 +calls \+4930123456 over routes\.abroad/);
    expect(stdout).toContain('connected to agent "desk": wss://agent.example.com/call');
    expect(stdout).toContain('if that fails: sip:+4930123456@127.0.0.9:5060');
  });

  test.each([
    [['--trunk', 'nobody'], /--trunk: "nobody" is none of agents, carrier-one, carrier-two/],
    [[], /--trunk: say which one of agents, carrier-one, carrier-two/],
    [['--trunk', 'agents', '--at', 'noon'], /must be a time such as/],
    [['--trunk', 'agents', '--config', 'nowhere.yaml'], /nowhere\.yaml: there is no such file/],
  ])('wrong usage %j is exit code 2', async (args, message) => {
    const { code, stderr } = await trunkline('route-test', '+15550100', ...config, ...args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});
