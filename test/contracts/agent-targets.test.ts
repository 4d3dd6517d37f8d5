import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../bin/cli/config-file.ts';

/** What `config check` says of an agent with this target. */
const faultsOf = (...target: readonly string[]) => {
  const checked = checkConfig(`version: 1
trunks: { carrier: { sources: [203.0.113.0/24] } }
numbers: { "+15550100": { agent: talker } }
agents:
  talker:
    targets:
      - ${target.join('\n        ')}
`);
  return checked.ok ? [] : checked.faults.map(({ path, message }) => `${path}: ${message}`);
};

const secret = '{ secret: trunkline/agent }';
const shown = [
  ['bearer', `bearer: ${secret}`],
  ['hmac', `hmac: ${secret}`],
  ['clientCertificate', `clientCertificate: { cert: ${secret}, key: ${secret} }`],
  ['account', `account: { sid: AC${'1'.repeat(32)}, authToken: ${secret} }`],
] as const;

const dialectFor = (field: string) => `dialect: ${field === 'account' ? 'twilio' : 'pcm'}`;

describe.each(shown)('%s of an agent over a WebSocket', (field, line) => {
  test.each([
    'ws://agent.example.com/call',
    'ws://10.0.0.7/',
    'ws://localhost.example.com/',
    'ws://127.0.0.1.example.com/',
    'ws://[fd00::1]/',
  ])('is refused where %s would carry it in plain', (url) => {
    expect(faultsOf(`websocket: ${url}`, dialectFor(field), line)).toEqual([
      `agents.talker.targets.0.${field}: would be told over ws://, where everybody on the way reads it: make it wss://`,
    ]);
  });

  test.each([
    'wss://agent.example.com/call',
    'ws://localhost:8081/pcm',
    'ws://127.0.0.1:8081/pcm',
    'ws://[::1]:8081/pcm',
  ])('may be shown to %s', (url) => {
    expect(faultsOf(`websocket: ${url}`, dialectFor(field), line)).toEqual([]);
  });

  test('is never written into the file itself, and what was is not repeated', () => {
    const [fault = '', ...more] = faultsOf('websocket: wss://agent.example.com/', `${field}: hunter2-4711`);
    expect(fault).toContain(`agents.talker.targets.0.${field}`);
    expect([fault, ...more].join()).not.toContain('hunter2');
  });
});

test.each([
  ['hmac', 'twilio', `hmac: ${secret}`, 'is of the dialect pcm, and this agent speaks twilio: leave it out'],
  ['account', 'pcm', shown[3][1], 'is of the dialect twilio, and this agent speaks pcm: leave it out'],
])('%s of an agent that speaks %s says where it belongs', (field, dialect, line, says) => {
  expect(faultsOf('websocket: wss://agent.example.com/', `dialect: ${dialect}`, line)).toEqual([
    `agents.talker.targets.0.${field}: ${says}`,
  ]);
});

test('an agent by SIP may have a password for us, which is kept elsewhere', () => {
  const uri = 'uri: sip:agent@198.51.100.7';
  const account = (password: string) => `authentication: { username: trunkline, password: ${password} }`;
  expect(faultsOf(uri, account(secret))).toEqual([]);
  const [fault = ''] = faultsOf(uri, account('hunter2-4711'));
  expect(fault).toContain('agents.talker.targets.0.authentication.password: must be { env: NAME }');
  expect(fault).not.toContain('hunter2');
});
