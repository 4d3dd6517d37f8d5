import { expect, test } from 'vitest';
import { globOf } from '../../bin/cli/events.ts';
import { trunkline } from './run-cli.ts';

test('help names every verb', async () => {
  const { code, stdout } = await trunkline('--help');
  expect(code).toBe(0);
  for (const verb of ['up', 'demo', 'call', 'calls', 'events', 'config', 'schema', 'answer', 'sip-server']) {
    expect(stdout).toMatch(new RegExp(`^ {2}${verb}\\b`, 'm'));
  }
});

test.each([
  ['an unknown verb', ['fly'], "unknown command 'fly'"],
  ['an unknown option', ['up', '--altitude', '3'], "unknown option '--altitude'"],
  ['a port that is none', ['up', '--sip-port', '99999'], 'must be a port, 0 to 65535'],
  ['no edge at all', ['up', '--edges', '0'], 'must be a number of edges, 1 to 8'],
  ['a certificate without its key', ['up', '--tls-cert-file', 'cert.pem'], 'are given together'],
  ['authorities without a certificate', ['up', '--tls-ca-file', 'ca.pem'], 'of no use without'],
  [
    'a certificate that is not there',
    ['up', '--tls-cert-file', '/nowhere.pem', '--tls-key-file', 'key.pem'],
    "--tls-cert-file '/nowhere.pem' cannot be read",
  ],
  ['a place that is none', ['answer', '127.0.0.1:0'], 'must be HOST:PORT'],
  ['keys that no phone has', ['call', '+15550100', '--digits', '12x'], 'must be up to 32 of 0-9 * # A-D'],
  ['a configuration that is not there', ['up', '--config', '/nowhere.yaml'], 'there is no such file'],
  ['an unknown message', ['schema', 'call.teleport'], 'there is no message "call.teleport"'],
  ['a SIP server without a secret', ['sip-server'], 'SIP_SERVER_SECRET is missing'],
])('%s is a usage error that says what to do', async (_what, args, message) => {
  const { code, stderr } = await trunkline(...args);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});

test('schema prints JSON Schema of a message', async () => {
  const { code, stdout } = await trunkline('schema', 'call.received');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    type: 'object',
    properties: { callId: {}, trunk: {}, expiresAt: {} },
  });
});

test.each([
  ['call.*', 'call.received', true],
  ['call.*', 'dtmf.received', false],
  ['*', 'edge.started', true],
  ['*.received', 'dtmf.received', true],
  ['call.received', 'call.receivedx', false],
  ['call.r?', 'call.rr', false],
])('the filter %s on %s: %s', (glob, type, matches) => {
  expect(globOf(glob)(type)).toBe(matches);
});
