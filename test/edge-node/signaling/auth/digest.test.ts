import { describe, expect, test } from 'vitest';
import { parseAuthHeader, quoted } from '../../../../edge-node/signaling/auth/auth-params.ts';
import {
  algorithmNamed,
  type DigestInput,
  digestResponse,
  sameDigest,
} from '../../../../edge-node/signaling/auth/digest.ts';

const mufasa: DigestInput = {
  algorithm: 'SHA-256',
  session: false,
  username: 'Mufasa',
  realm: 'http-auth@example.org',
  password: 'Circle of Life',
  method: 'GET',
  uri: '/dir/index.html',
  nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
  protection: { qop: 'auth', nc: '00000001', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' },
};

/** The account of RFC 7616 §3.9.2; its response there is not that of SHA-512/256, so here it is `openssl dgst`'s. */
const doe: DigestInput = {
  algorithm: 'SHA-512-256',
  session: false,
  username: 'Jäsøn Doe',
  realm: 'api@example.org',
  password: 'Secret, or not?',
  method: 'GET',
  uri: '/doe.json',
  nonce: '5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK',
  protection: { qop: 'auth', nc: '00000001', cnonce: 'NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm' },
};

describe('a digest', () => {
  test.each([
    [
      'of RFC 7616 §3.9.1 with SHA-256',
      mufasa,
      '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
    ],
    [
      'of RFC 7616 §3.9.1 with MD5',
      { ...mufasa, algorithm: 'MD5' } as const,
      '8ca523f5e9506fed4657c9700eebdbec',
    ],
    [
      'of another account with SHA-512-256',
      doe,
      '7a4e1192babbba02e91182d2895bfdbf7adafc6e48d4e517ca301974843d840c',
    ],
  ])('%s comes out', (_name, input, expected) => {
    expect(digestResponse(input)).toBe(expected);
  });

  test('of RFC 2069 has no qop', () => {
    const { protection: _none, ...old } = { ...mufasa, algorithm: 'MD5' as const };
    const input = { ...old, realm: 'testrealm@host.com', password: 'CircleOfLife' };
    expect(digestResponse({ ...input, nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093' })).toBe(
      '1949323746fe6a43ef61f9606e7febea',
    );
  });

  test('of a session depends on its first cnonce', () => {
    const session = digestResponse({ ...mufasa, session: true });
    expect(session).toMatch(/^[0-9a-f]{64}$/);
    expect(session).not.toBe(digestResponse(mufasa));
  });

  test.each([
    '',
    '8ca5',
    '8ca523f5e9506fed4657c9700eebdbee',
    '8ca523f5e9506fed4657c9700eebdbec0',
    'é'.repeat(32),
  ])('that is %j is not the same', (sent) => {
    expect(sameDigest(sent, '8ca523f5e9506fed4657c9700eebdbec')).toBe(false);
  });

  test('is the same in capitals', () => {
    expect(sameDigest('8CA523F5E9506FED4657C9700EEBDBEC', '8ca523f5e9506fed4657c9700eebdbec')).toBe(true);
  });

  test.each([
    [undefined, 'MD5', false],
    ['md5', 'MD5', false],
    ['SHA-256', 'SHA-256', false],
    ['sha-512-256-SESS', 'SHA-512-256', true],
  ] as const)('by the algorithm %j is of %s', (name, algorithm, session) => {
    expect(algorithmNamed(name)).toEqual({ algorithm, session });
  });

  test.each(['SHA-1', '', 'MD5-', 'SHA-256-sess-sess'])('by the algorithm %j is not known', (name) => {
    expect(algorithmNamed(name)).toBeUndefined();
  });
});

describe('an authentication header', () => {
  const read = (text: string) =>
    parseAuthHeader(text)?.map(({ scheme, params }) => ({ scheme, ...Object.fromEntries(params) }));

  test('is a scheme and its parameters, quoted or not', () => {
    expect(read('Digest realm="sip.example", Nonce = "a,b=\\"c\\"" ,algorithm=MD5,stale=TRUE')).toEqual([
      { scheme: 'digest', realm: 'sip.example', nonce: 'a,b="c"', algorithm: 'MD5', stale: 'TRUE' },
    ]);
  });

  test('may be several, joined with commas', () => {
    const two =
      'Digest realm="a", nonce="1", algorithm=SHA-256, qop="auth,auth-int",DIGEST realm="a", nonce="2"';
    expect(read(two)).toEqual([
      { scheme: 'digest', realm: 'a', nonce: '1', algorithm: 'SHA-256', qop: 'auth,auth-int' },
      { scheme: 'digest', realm: 'a', nonce: '2' },
    ]);
  });

  test('may be folded over lines', () => {
    expect(read('Digest realm="a",\r\n nonce="1"')).toEqual([{ scheme: 'digest', realm: 'a', nonce: '1' }]);
  });

  test.each([
    'Digest realm="a", realm="b"',
    'Digest realm="a',
    'Digest realm="a" nonce="b"',
    'realm="a"',
    'Digest',
    'Digest realm="a\u0000b"',
    'Digest realm="a\r\nX-Evil: 1"',
  ])('that is %j is not read at all', (text) => {
    expect(parseAuthHeader(text)).toBeUndefined();
  });

  test('of over 4,096 characters is not read at all', () => {
    expect(parseAuthHeader(`Digest realm="${'a'.repeat(4_096)}"`)).toBeUndefined();
  });

  test('keeps what is quoted inside its quotes', () => {
    const text = 'a"b\\c';
    expect(read(`Digest username=${quoted(text)}`)).toEqual([{ scheme: 'digest', username: text }]);
  });
});
