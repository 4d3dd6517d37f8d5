import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { findProgram } from '../../../local/child-process.ts';
import { chooseSipServer, type SipServerHandle } from '../../../local/drachtio/start-sip-server.ts';
import { authority } from '../../certificates.ts';
import { isFree } from '../ports.ts';
import { aFolder, standIn, withEnvironment } from '../stand-in.ts';

/** What an application is told that comes with this secret. */
async function hello({ host, port }: SipServerHandle['admin'], secret: string): Promise<string> {
  const socket = connect(port, host);
  try {
    const message = `hello|authenticate|${secret}|`;
    socket.write(`${message.length}#${message}`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString('utf8');
  } finally {
    socket.destroy();
  }
}

const optionsTo = (server: string, transport: string, us: string) =>
  [
    `OPTIONS sip:${server} SIP/2.0`,
    `Via: SIP/2.0/${transport} ${us};branch=z9hG4bK-1;rport`,
    `From: <sip:test@${us}>;tag=1`,
    `To: <sip:${server}>`,
    `Call-ID: ${us}`,
    'CSeq: 1 OPTIONS',
    'Max-Forwards: 70',
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');

/** The same over TLS, to a server that has to be vouched for. */
async function optionsOverTls({ tls }: SipServerHandle, ca: string): Promise<string | undefined> {
  const { host = '', port = 0 } = tls ?? {};
  const socket = connectTls({ host, port, ca });
  try {
    await once(socket, 'secureConnect');
    socket.write(optionsTo(`${host}:${port}`, 'TLS', `${host}:${socket.localPort}`));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString('utf8').split('\r\n')[0];
  } finally {
    socket.destroy();
  }
}

/** First line of the answer to OPTIONS, over UDP. */
async function options({ host, port }: SipServerHandle['sip']): Promise<string | undefined> {
  const socket = createSocket('udp4');
  try {
    socket.bind(0, host);
    await once(socket, 'listening');
    socket.send(optionsTo(`${host}:${port}`, 'UDP', `${host}:${socket.address().port}`), port, host);
    const [answer] = (await once(socket, 'message')) as [Buffer];
    return answer.toString('utf8').split('\r\n')[0];
  } finally {
    socket.close();
  }
}

async function expectToServe(server: SipServerHandle): Promise<void> {
  expect(await hello(server.admin, server.admin.secret)).toContain('|OK|');
  expect(await hello(server.admin, 'wrong')).not.toContain('|OK|');
  expect(await options(server.sip)).toMatch(/^SIP\/2\.0 \d{3} /);
  await server[Symbol.asyncDispose]();
  expect(await isFree(server.admin.port)).toBe(true);
  expect(await isFree(server.sip.port)).toBe(true);
}

const drachtio = await findProgram(process.env['DRACHTIO_BIN'] || 'drachtio');

describe('the SIP server', () => {
  test('is our own where there is no other', async () => {
    const server = await chooseSipServer({ env: {} });
    expect(server.kind).toBe('embedded');
    expect(server.tls).toBeUndefined();
    await expectToServe(server);
  });

  test('takes TLS, too, with the certificate it is given', async () => {
    const { cert: ca, issues } = await authority();
    await using server = await chooseSipServer({ env: {}, tls: await issues('127.0.0.1') });
    expect(await optionsOverTls(server, ca)).toMatch(/^SIP\/2\.0 \d{3} /);
  });

  test('is our own where that is wanted, whatever the environment says', async () => {
    const env = { DRACHTIO_URL: 'drachtio://secret@10.0.0.1:9022', DRACHTIO_BIN: '/bin/false' };
    await using server = await chooseSipServer({ use: 'embedded', env });
    expect(server.kind).toBe('embedded');
  });

  test('is the one of DRACHTIO_URL, with its secret', async () => {
    const env = { DRACHTIO_URL: 'drachtio://s%2Fcret@10.0.0.1:9023', DRACHTIO_SIP: '10.0.0.2:5070' };
    await using server = await chooseSipServer({ env });
    expect(server).toMatchObject({
      kind: 'given',
      admin: { host: '10.0.0.1', port: 9023, secret: 's/cret' },
      sip: { host: '10.0.0.2', port: 5070 },
    });
  });

  test('needs a secret in DRACHTIO_URL', async () => {
    const env = { DRACHTIO_URL: 'drachtio://10.0.0.1:9022' };
    await expect(chooseSipServer({ env })).rejects.toThrow(
      'DRACHTIO_URL must be drachtio://SECRET@HOST:PORT',
    );
  });

  test('is not replaced by ours when DRACHTIO_BIN names nothing that runs', async () => {
    await expect(chooseSipServer({ env: { DRACHTIO_BIN: '/nowhere/drachtio' } })).rejects.toThrow(
      'DRACHTIO_BIN is /nowhere/drachtio, which is not a program that can be run',
    );
  });

  test('that cannot start is heard, and its folder is gone', async () => {
    await using programs = await aFolder();
    await using temporary = await aFolder();
    await standIn(programs.path, 'drachtio', 'echo "address in use"; exit 1');
    using _ = withEnvironment({ TMPDIR: temporary.path });
    await expect(chooseSipServer({ env: { PATH: programs.path } })).rejects.toThrow('address in use');
    expect(await readdir(temporary.path)).toEqual([]);
  });

  if (drachtio) {
    test('is drachtio-server where that is installed', async () => {
      const server = await chooseSipServer({ env: { DRACHTIO_BIN: drachtio } });
      expect([server.kind, server.tls]).toEqual(['drachtio', undefined]);
      await expectToServe(server);
    });

    test('is drachtio-server with TLS where there is a certificate', async () => {
      const { cert: ca, issues } = await authority();
      const tls = await issues('127.0.0.1');
      await using server = await chooseSipServer({ env: { DRACHTIO_BIN: drachtio }, tls });
      expect(await optionsOverTls(server, ca)).toMatch(/^SIP\/2\.0 \d{3} /);
    });
  }
});
