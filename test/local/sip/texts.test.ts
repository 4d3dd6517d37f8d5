import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseUri, uriParam } from '../../../core/sip-uri.ts';
import { ownAddress, ownContact, parseAppMessage } from '../../../local/sip/app/app-message.ts';
import { FrameReader } from '../../../local/sip/app/frame-reader.ts';
import { cutList, parseNameAddr, tagOf, untagged } from '../../../local/sip/message/name-addr.ts';
import { parseMessage } from '../../../local/sip/message/parse-message.ts';
import { SipMessage } from '../../../local/sip/message/sip-message.ts';
import { requestFault } from '../../../local/sip/message/validate-request.ts';
import { markVia, parseVia } from '../../../local/sip/message/via.ts';
import { parseContact } from '../../../local/sip/transport/contact.ts';
import { StreamFramer } from '../../../local/sip/transport/stream-framer.ts';

describe('name-addr', () => {
  test.each([
    ['<sip:a@b>', { display: '', uri: 'sip:a@b', params: '' }],
    [
      '"A, <x> \\" B" <sip:a@b;x=1>;tag=7',
      { display: '"A, <x> \\" B"', uri: 'sip:a@b;x=1', params: ';tag=7' },
    ],
    ['sip:a@b;tag=7', { display: '', uri: 'sip:a@b', params: ';tag=7' }],
    ['Bob <tel:+1>', { display: 'Bob', uri: 'tel:+1', params: '' }],
    ['"open <sip:a@b>', undefined],
    ['<sip:a@b', undefined],
    ['<sip:a@b> junk', undefined],
    ['', undefined],
  ])('%s', (text, parts) => expect(parseNameAddr(text)).toEqual(parts));

  test('a tag inside the URI is not the tag of the header', () => {
    expect(tagOf('<sip:a@b;tag=no>;x=1')).toBe('');
    expect(tagOf('<sip:a@b;tag=no>; Tag = yes ;x')).toBe('yes');
    expect(untagged('sip:a@b;tag=7;x=1')).toBe('<sip:a@b>;x=1');
  });

  test('commas inside quotes and brackets do not cut a list', () => {
    expect(cutList('"a,b" <sip:c,d@e>, <sip:f>,')).toEqual(['"a,b" <sip:c,d@e>', '<sip:f>']);
  });
});

describe('uri', () => {
  test.each([
    [
      'sip:alice:pw@example.com:5070;transport=TCP;lr?x=y',
      { user: 'alice:pw', host: 'example.com', port: 5070 },
    ],
    ['sips:[2001:db8::1]:5061', { scheme: 'sips', host: '[2001:db8::1]', port: 5061 }],
    ['sip:127.0.0.1', { user: '', host: '127.0.0.1', port: undefined }],
  ])('%s', (text, parts) => expect(parseUri(text)).toMatchObject(parts));

  test.each(['sip:', 'sip:a@', 'sip:a b@c', 'sip:a@b:0', 'sip:a@b:70000', 'tel:+1', 'sip:a@b>', '<sip:a@b>'])(
    '%s is none',
    (text) => expect(parseUri(text)).toBeUndefined(),
  );

  test('a parameter stands alone, has a value, or is not there', () => {
    const uri = parseUri('sip:a@b;lr;Transport=tcp');
    if (!uri) throw new Error('unread');
    expect([uriParam(uri, 'lr'), uriParam(uri, 'transport'), uriParam(uri, 'maddr')]).toEqual([
      '',
      'tcp',
      undefined,
    ]);
  });
});

describe('via', () => {
  test('received and rport are filled in as RFC 3581 has it', () => {
    const value = 'SIP/2.0/UDP host.example:5070;branch=z9hG4bK1;rport;received=6.6.6.6';
    const via = parseVia(value);
    if (!via) throw new Error('unread');
    expect(via).toMatchObject({
      protocol: 'UDP',
      host: 'host.example',
      port: 5070,
      branch: 'z9hG4bK1',
      rport: '',
    });
    expect(markVia(value, via, '10.0.0.9', 4000)).toBe(
      'SIP/2.0/UDP host.example:5070;branch=z9hG4bK1;rport=4000;received=10.0.0.9',
    );
  });

  test('a Via that names the source needs neither', () => {
    const value = 'SIP / 2.0 / TCP 10.0.0.9;branch=z9hG4bK1';
    const via = parseVia(value);
    expect(via && markVia(value, via, '10.0.0.9', 4000)).toBe(value);
  });

  test.each(['UDP', 'TLS-SCTP', 'x.new!'])('%s is a transport, known or not', (transport) =>
    expect(parseVia(`SIP/2.0/${transport} [::1];branch=z9hG4bK1`)).toMatchObject({
      protocol: transport.toUpperCase(),
      host: '[::1]',
    }),
  );

  test.each(['', 'SIP/2.0/UDP', 'SIP/2.0/UDP a:99999', 'HTTP/1.1 a', 'SIP/2.0/UDP a b'])(
    '%s is none',
    (text) => expect(parseVia(text)).toBeUndefined(),
  );
});

describe('messages', () => {
  const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/);
  const value = fc.stringMatching(/^[!-~]([ -~]{0,30}[!-~])?$/);
  const message = fc
    .record({ headers: fc.array(fc.tuple(token, value), { maxLength: 20 }), body: fc.string() })
    .map(({ headers, body }) => {
      const text = Buffer.from(body, 'utf8').toString('latin1');
      const built = SipMessage.request('OPTIONS', 'sip:a@b');
      for (const [name, one] of headers) if (!/^(l|content-length)$/i.test(name)) built.add(name, one);
      built.add('Content-Length', String(text.length));
      built.body = text;
      return built;
    });

  test('what is printed is read back the same', () =>
    fc.assert(
      fc.property(message, (built) => {
        const back = parseMessage(built.print());
        expect(back).toBeInstanceOf(SipMessage);
        expect(back instanceof SipMessage && back.print()).toBe(built.print());
      }),
    ));

  test('bytes changed at random are read or refused, never thrown at', () =>
    fc.assert(
      fc.property(
        message,
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))),
        (built, changes) => {
          const bytes = Buffer.from(built.print(), 'latin1');
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          const read = parseMessage(bytes.toString('latin1'));
          const some = read instanceof SipMessage ? read : read.message;
          if (some) expect([some.via, requestFault(some)]).toHaveLength(2);
        },
      ),
    ));

  test('a stream is cut the same however it arrives', () =>
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 200 }),
        (messages, size) => {
          const texts = messages.map((one) => one.print());
          const bytes = Buffer.from(texts.join('\r\n'), 'latin1');
          const heard: string[] = [];
          const framer = new StreamFramer(
            (text) => heard.push(text),
            () => {},
          );
          for (let at = 0; at < bytes.length; at += size)
            expect(framer.push(bytes.subarray(at, at + size))).toBeUndefined();
          expect(heard).toEqual(texts);
        },
      ),
    ));

  test('frames are cut the same however they arrive', () =>
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }),
        fc.integer({ min: 1, max: 50 }),
        (payloads, size) => {
          const bytes = Buffer.from(payloads.map((one) => `${Buffer.byteLength(one)}#${one}`).join(''));
          const reader = new FrameReader();
          const heard: string[] = [];
          for (let at = 0; at < bytes.length; at += size)
            heard.push(...reader.push(bytes.subarray(at, at + size)));
          expect(heard.map((one) => Buffer.from(one, 'latin1').toString('utf8'))).toEqual(payloads);
        },
      ),
    ));
});

describe('what an application writes', () => {
  const udp = { protocol: 'udp', host: '10.0.0.1', port: 5070 } as const;
  const tcp = { ...udp, protocol: 'tcp' } as const;

  test('localhost means our address, and over TCP a Contact says so', () => {
    expect(ownAddress('sip:bob@localhost', udp)).toBe('<sip:bob@10.0.0.1:5070>');
    expect(ownAddress('"B" <sip:localhost;x=1>;y=2', udp)).toBe('"B" <sip:10.0.0.1:5070;x=1>;y=2');
    expect(ownContact('<sip:bob@localhost>', tcp)).toBe('<sip:bob@10.0.0.1:5070;transport=tcp>');
    expect(ownContact('<sip:bob@localhost.example>', tcp)).toBe('<sip:bob@localhost.example>');
    expect(ownContact('*', udp)).toBe('*');
  });

  test('a line that is no header is left out', () => {
    const message = parseAppMessage(
      'INVITE sip:a@b SIP/2.0\r\nX-Good: 1\r\nno header\r\nX Bad: 2\r\nX-Cr: a\rb\r\n\r\nbody',
    );
    expect(message.lines.map((line) => line.name)).toEqual(['X-Good']);
    expect(message.body).toBe('body');
  });
});

test.each([
  ['sip:127.0.0.1:5060;transport=udp,tcp', { host: '127.0.0.1', port: 5060, protocols: ['udp', 'tcp'] }],
  ['sip:127.0.0.1:0;transport=tcp', { host: '127.0.0.1', port: 0, protocols: ['tcp'] }],
  ['sip:10.0.0.1', { host: '10.0.0.1', port: 5060, protocols: ['udp'] }],
  ['sips:10.0.0.1', { host: '10.0.0.1', port: 5061, protocols: ['tls'] }],
  ['sip:[::1]:5062;transport=udp,WS', { host: '::1', port: 5062, protocols: ['udp', 'ws'] }],
  ['sip:[::1]:0;transport=wss', { host: '::1', port: 0, protocols: ['wss'] }],
  ['sip:*:5060', { host: '0.0.0.0', port: 5060, protocols: ['udp'] }],
])('contact %s', (text, option) => expect(parseContact(text)).toEqual(option));

test.each([
  ['127.0.0.1:5060', 'not a SIP URI'],
  ['sip:localhost:5060', "its host 'localhost' is no IP address"],
  ['sip:127.0.0.1;transport=sctp', "transport 'sctp' is not one of udp, tcp, tls, ws, wss"],
  ['sips:127.0.0.1;transport=udp', "transport 'udp' is not encrypted, take tls or wss with sips"],
  ['sip:127.0.0.1;transport=tcp,ws', "transports 'tcp' and 'ws' cannot share a port"],
])('contact %s is refused: %s', (text, why) => {
  expect(() => parseContact(text)).toThrow(`contact '${text}': ${why}`);
  expect(() => parseContact(text)).toThrow('it looks like sip:127.0.0.1:5060;transport=udp,tcp');
});
