import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkConfig } from '../../bin/cli/config-file.ts';
import { trunkline } from './run-cli.ts';

const threeMistakes = `version: 1
trunks:
  carrier:
    sources: [127.0.0.1]
numbers:
  "+15550100": { agent: ecoh }
agents:
  echo:
    targets:
      - uri: http://192.0.2.1
`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

const file = async (text: string) => {
  const path = join(folder, `${Math.random()}.yaml`);
  await writeFile(path, text);
  return path;
};

test('the quickstart configuration is good', async () => {
  const { code, stdout } = await trunkline('config', 'check', 'examples/quickstart/trunkline.yaml');
  expect([code, stdout]).toEqual([0, expect.stringContaining('1 trunk(s), 1 number(s), 1 agent(s)')]);
});

test('a file with three mistakes is told all three, each with its line, its value and what it should be', async () => {
  const path = await file(threeMistakes);
  const { code, stderr } = await trunkline('config', 'check', path);
  expect(code).toBe(2);
  expect(stderr).toContain(`${path}:4:15 trunks.carrier.sources.0: must be a CIDR block`);
  expect(stderr).toContain(
    `${path}:6:18 numbers.+15550100.agent: "ecoh" is not an agent of this file; agents are: echo`,
  );
  expect(stderr).toContain(`${path}:10:9 agents.echo.targets.0.uri: must be a SIP URI`);
  expect(stderr).toContain('3 faults');
});

test('--json gives the same faults to a machine', async () => {
  const { code, stdout } = await trunkline('config', 'check', '--json', await file(threeMistakes));
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, faults: [{ line: 4 }, { line: 6 }, { line: 10 }] });
});

const plainTrunk = threeMistakes
  .replace('[127.0.0.1]', '[203.0.113.0/24]')
  .replace('ecoh', 'echo')
  .replace('http://', 'sip:echo@');

test('a trunk without any encryption is warned of, and the file is good all the same', async () => {
  const path = await file(plainTrunk);
  const { code, stdout } = await trunkline('config', 'check', path);
  expect([code, stdout]).toEqual([0, expect.stringContaining('is good: 1 trunk(s)')]);
  expect(stdout).toContain('warning: trunks.carrier has neither TLS nor SRTP: ');
  const json = await trunkline('config', 'check', '--json', path);
  expect(json.code).toBe(0);
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, warnings: [{ trunk: 'carrier' }] });
});

test('a call over a trunk without any encryption is warned of', async () => {
  const args = ['route-test', '+15550100', '--config', await file(plainTrunk)];
  const { code, stdout } = await trunkline(...args);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^warning: trunks\.carrier has neither/m)]);
  const { stdout: json } = await trunkline(...args, '--json');
  expect(JSON.parse(json)).toMatchObject({ warnings: [{ trunk: 'carrier' }] });
});

test('a file that is not there is said so', async () => {
  const { code, stderr } = await trunkline('config', 'check', join(folder, 'missing.yaml'));
  expect([code, stderr]).toEqual([2, expect.stringContaining('there is no such file')]);
});

describe('a text that is no configuration', () => {
  test.each([
    ['empty', ''],
    ['a list', '- one\n- two\n'],
    ['broken YAML', 'trunks: {carrier: [\n'],
    ['a wrong version', 'version: 2\ntrunks: {}\nnumbers: {}\nagents: {}\n'],
  ])('%s is refused with a place', (_what, text) => {
    const checked = checkConfig(text);
    expect(checked.ok).toBe(false);
    if (!checked.ok) expect(checked.faults[0]?.line).toBeGreaterThan(0);
  });

  test('a misspelt key is named', () => {
    const checked = checkConfig(threeMistakes.replace('targets:', 'tragets:'));
    expect(checked.ok ? [] : checked.faults.map(({ message }) => message).join('\n')).toContain('tragets');
  });
});

test('an item that its table cannot hold is told with its line', async () => {
  const target = `{ uri: "sip:${'a'.repeat(480)}@192.0.2.1" }`;
  const targets = `targets: [${Array(900).fill(target).join(', ')}]`;
  const path = await file(
    threeMistakes
      .slice(0, threeMistakes.indexOf('trunks:'))
      .concat(`trunks: { carrier: { sources: [127.0.0.1/32] } }
numbers: { "+15550100": { agent: echo } }
agents:
  echo:
    ${targets}
`),
  );
  const { code, stderr } = await trunkline('config', 'check', path);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /:5:3 agents\.echo: takes \d+ bytes in the config table, and one item may have 409600/,
  );
});
