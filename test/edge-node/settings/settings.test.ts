import { describe, expect, test } from 'vitest';
import { readSettings } from '../../../edge-node/settings.ts';

const needed = {
  TRUNKLINE_EDGE_ID: 'edge-1',
  AWS_REGION: 'eu-west-1',
  TRUNKLINE_BUS: 'trunkline',
  TRUNKLINE_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/123456789012/edge-1',
  TRUNKLINE_CONFIG_TABLE: 'config',
  TRUNKLINE_FLEET_TABLE: 'fleet',
  TRUNKLINE_REGISTRATIONS_TABLE: 'registrations',
  TRUNKLINE_DATA_DIR: '/var/lib/trunkline',
  DRACHTIO_SECRET: 'correct-horse-battery',
  RTPENGINE_NG: '127.0.0.1:22222',
  RTPENGINE_DTMF_LISTEN: '127.0.0.1:22223',
  RTPENGINE_B2B_LISTEN: '[::1]:22224',
};

describe('settings of the edge', () => {
  test('need eleven variables; the rest have defaults', () => {
    expect(readSettings(needed)).toMatchObject({
      edgeId: 'edge-1',
      decisionMs: 1_500,
      snapshotMs: 5_000,
      heartbeatMs: 10_000,
      drainSeconds: 30,
      limits: { maxCalls: 12_000, maxCallsPerSecond: 500 },
      http: { host: '127.0.0.1', port: 0 },
      sipServer: { host: '127.0.0.1', port: 9022 },
      media: {
        engines: [{ ng: { host: '127.0.0.1', port: 22222 } }],
        b2bListen: { host: '::1', port: 22224 },
      },
      logLevel: 'info',
    });
  });

  test('take numbers and addresses as they are written', () => {
    const settings = readSettings({
      ...needed,
      TRUNKLINE_DECISION_MS: '900',
      TRUNKLINE_HTTP: '0.0.0.0:8080',
    });
    expect(settings).toMatchObject({ decisionMs: 900, http: { host: '0.0.0.0', port: 8080 } });
  });

  test('list every fault with the name of its variable', () => {
    const broken = { ...needed, AWS_REGION: undefined, TRUNKLINE_MAX_CPS: 'many', RTPENGINE_NG: '22222' };
    expect(() => readSettings(broken)).toThrow(
      /3 fault\(s\):\n {2}AWS_REGION: .*\n {2}TRUNKLINE_MAX_CPS: .*\n {2}RTPENGINE_NG: must be HOST:PORT/,
    );
  });

  test.each(['cymru', 'cymrucymru', 'short'])('refuse the secret %j and do not repeat it', (secret) => {
    const read = () => readSettings({ ...needed, DRACHTIO_SECRET: secret });
    expect(read).toThrow('DRACHTIO_SECRET');
    expect(read).not.toThrow(`"${secret}"`);
  });

  test.each([
    ['TRUNKLINE_EDGE_ID', 'edge 1'],
    ['TRUNKLINE_QUEUE_URL', 'edge-1'],
    ['TRUNKLINE_HTTP', '127.0.0.1:70000'],
    ['TRUNKLINE_DECISION_MS', '0'],
    ['TRUNKLINE_DRAIN_SECONDS', '1.5'],
    ['LOG_LEVEL', 'loud'],
  ])('refuse %s=%s', (name, value) => {
    expect(() => readSettings({ ...needed, [name]: value })).toThrow(`${name}: `);
  });

  test('take the names of the interfaces that rtpengines have, or none', () => {
    const of = (more: object) => readSettings({ ...needed, ...more }).media.engines[0]?.interfaces;
    expect(of({ RTPENGINE_INTERFACES: 'pub,priv' })).toEqual({ outside: 'pub', inside: 'priv' });
    expect(of({})).toBeUndefined();
    expect(() => of({ RTPENGINE_INTERFACES: 'pub' })).toThrow(
      'must be two names of interfaces: OUTSIDE,INSIDE',
    );
  });

  test('take several rtpengines, each with its own recording folder or with none', () => {
    const RTPENGINE_NG = '10.0.0.5:22222, media.internal:22223,[::1]:22224';
    expect(
      readSettings({ ...needed, RTPENGINE_NG, RTPENGINE_RECORDING_DIR: '/a,,/c' }).media.engines,
    ).toEqual([
      { ng: { host: '10.0.0.5', port: 22222 }, recordingDir: '/a' },
      { ng: { host: 'media.internal', port: 22223 }, recordingDir: undefined },
      { ng: { host: '::1', port: 22224 }, recordingDir: '/c' },
    ]);
  });

  test.each([
    [
      '10.0.0.5:22222,10.0.0.6',
      undefined,
      /RTPENGINE_NG: must be HOST:PORT, or several .* "10\.0\.0\.6" is not/,
    ],
    ['10.0.0.5:22222,', undefined, /RTPENGINE_NG: must be HOST:PORT, .* "" is not/],
    ['10.0.0.5:0', undefined, /RTPENGINE_NG: "10\.0\.0\.5:0" has a port that is none: use one of 1 to 65535/],
    ['a:1,b:1,a:1', undefined, /RTPENGINE_NG: "a:1" stands there twice: name each rtpengine once/],
    ['a:1,b:1', '/a', /RTPENGINE_RECORDING_DIR: names 1 folder\(s\) for 2 rtpengine\(s\): name one for each/],
    ['a:1,b:1', '/a,/a', /RTPENGINE_RECORDING_DIR: names a folder twice: each rtpengine must have its own/],
  ])('refuse RTPENGINE_NG=%s with RTPENGINE_RECORDING_DIR=%s', (RTPENGINE_NG, dirs, fault) => {
    expect(() => readSettings({ ...needed, RTPENGINE_NG, RTPENGINE_RECORDING_DIR: dirs })).toThrow(fault);
  });

  test('stay as they were read', () => {
    const settings = readSettings(needed);
    expect(Object.isFrozen(settings)).toBe(true);
    expect(Object.isFrozen(settings.limits)).toBe(true);
  });
});
