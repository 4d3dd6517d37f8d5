import { writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { startGateway } from '../../gateway/gateway.ts';
import { readSettings } from '../../gateway/settings.ts';
import { authority } from '../certificates.ts';
import { aFolder } from '../local/stand-in.ts';

const logger = pino({ level: 'silent' });

describe('a gateway with a certificate', () => {
  test('speaks HTTPS', async () => {
    await using folder = await aFolder();
    const ca = await authority();
    const { cert, key } = await ca.issues('localhost');
    const [certFile, keyFile] = [join(folder.path, 'cert.pem'), join(folder.path, 'key.pem')];
    await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key)]);
    const env = { GATEWAY_TLS_CERT_FILE: certFile, GATEWAY_TLS_KEY_FILE: keyFile, GATEWAY_THREADS: 1 };
    await using gateway = await startGateway(readSettings(env), { logger });
    expect(gateway.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const status = await new Promise((resolve, reject) => {
      request(`${gateway.url}/ready`, { ca: ca.cert, servername: 'localhost' }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .once('error', reject)
        .end();
    });
    expect(status).toBe(200);
  });

  test('that is not there says which variable names it', async () => {
    const env = { GATEWAY_TLS_CERT_FILE: '/nowhere/cert.pem', GATEWAY_TLS_KEY_FILE: '/nowhere/key.pem' };
    await expect(startGateway(readSettings(env), { logger })).rejects.toThrow(
      'GATEWAY_TLS_CERT_FILE: /nowhere/cert.pem cannot be read (ENOENT)',
    );
  });

  test('needs its key', () => {
    expect(() => readSettings({ GATEWAY_TLS_CERT_FILE: 'cert.pem' })).toThrow(
      'GATEWAY_TLS_KEY_FILE: must be set',
    );
    expect(() => readSettings({ GATEWAY_TLS_KEY_FILE: 'key.pem' })).toThrow(
      'GATEWAY_TLS_CERT_FILE: must be set',
    );
  });
});

test('where agents end their calls is an address without a path', () => {
  expect(readSettings({ GATEWAY_REST_URL: 'https://gw-1.example.com:8090' }).media.restUrl).toBe(
    'https://gw-1.example.com:8090',
  );
  expect(() => readSettings({ GATEWAY_REST_URL: 'gw-1.example.com' })).toThrow(
    'GATEWAY_REST_URL: must be such as',
  );
});
