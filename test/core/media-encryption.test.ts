import { expect, test } from 'vitest';
import { RoutingConfig, type RoutingConfigInput } from '../../contracts/config.ts';
import { encryptionWarnings } from '../../core/media-encryption.ts';

type Trunks = NonNullable<RoutingConfigInput['trunks']>;
type Trunk = Trunks[string];

const warned = (trunk: Trunk) =>
  encryptionWarnings(
    RoutingConfig.parse({ version: 1, trunks: { carrier: trunk }, numbers: {}, agents: {} }),
  ).map(({ trunk, message }) => `${trunk} ${message}`);

const [udp, tls] = [{ host: '203.0.113.7' }, { host: 'sip.carrier.example', transport: 'tls' }] as const;

test.each<[string, Trunk]>([
  ['calls come from an address alone', { sources: ['203.0.113.0/24'] }],
  ['calls go out over UDP', { endpoints: [udp] }],
  ['one endpoint of two has no TLS', { endpoints: [tls, udp] }],
  ['one side of it is not on this machine', { sources: ['127.0.0.1/32'], endpoints: [udp] }],
])('a trunk is warned of that has neither TLS nor SRTP: %s', (_how, trunk) => {
  expect(warned(trunk)).toEqual([expect.stringMatching(/^carrier has neither TLS nor SRTP: /)]);
});

test.each<[string, Trunk]>([
  ['required', { endpoints: [udp], encryption: 'required' }],
  ['preferred', { endpoints: [tls, udp], encryption: 'preferred' }],
])('a trunk is warned of whose SRTP keys can be read: SDES without TLS, %s', (_how, trunk) => {
  expect(warned(trunk)).toEqual([
    expect.stringMatching(/^carrier sends the keys of its SRTP in the clear: /),
  ]);
});

test.each<[string, Trunk]>([
  ['TLS to every endpoint', { endpoints: [tls], sources: ['203.0.113.0/24'] }],
  ['TLS and SRTP', { endpoints: [tls], encryption: 'required' }],
  ['keys by DTLS', { endpoints: [udp], encryption: 'required', keying: 'dtls' }],
  ['calls that come in encrypted', { sources: ['203.0.113.0/24'], encryption: 'required' }],
  ['a lab on this machine', { sources: ['127.0.0.0/8', '::1/128'], endpoints: [{ host: '127.0.0.1' }] }],
])('no warning of %s', (_how, trunk) => {
  expect(warned(trunk)).toEqual([]);
});
