import fc from 'fast-check';

/* A grammar of SIP messages (RFC 3261 §25.1) and what can happen to their bytes. Texts are Latin-1: a character is a byte. */

const token = fc.stringMatching(/^[A-Za-z0-9.!%*_+`'~-]{1,12}$/);
const word = fc.stringMatching(/^[A-Za-z0-9]{1,10}$/);
const blank = fc.constantFrom('', ' ', '  ', '\t', '\r\n ');
const host = fc.constantFrom('example.com', '127.0.0.1', '[::1]', 'a-b.example.org', '192.0.2.1');
const params = fc
  .array(
    fc.tuple(
      word,
      fc.option(
        fc.oneof(
          word,
          word.map((text) => `"${text};\\" ,<"`),
        ),
      ),
    ),
    { maxLength: 3 },
  )
  .map((all) => all.map(([name, value]) => (value === null ? `;${name}` : `;${name}=${value}`)).join(''));
const uri = fc
  .tuple(
    fc.constantFrom('sip', 'sips', 'SIP'),
    word,
    host,
    fc.constantFrom('', ':5060', ':1'),
    fc.constantFrom('', ';lr', ';x=y'),
  )
  .map(([scheme, user, at, port, more]) => `${scheme}:${user}@${at}${port}${more}`);
const display = fc.constantFrom('', 'Alice ', '"A, <b>; \\"c\\"" ', '"\xc3\xa0" ');
const address = fc.tuple(display, uri, params).map(([name, to, more]) => `${name}<${to}>${more}`);

const methods = [
  'INVITE',
  'OPTIONS',
  'ACK',
  'CANCEL',
  'BYE',
  'PRACK',
  'UPDATE',
  'INFO',
  'REFER',
  'SUBSCRIBE',
  'NOTIFY',
  'MESSAGE',
  'REGISTER',
  'PUBLISH',
] as const;
const method = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...methods) },
  { weight: 1, arbitrary: token },
);

const others = fc.array(
  fc.oneof(
    fc.tuple(fc.constantFrom('Contact', 'm', 'Route', 'Record-Route', 'Refer-To', 'Replaces'), address),
    fc.tuple(
      fc.constantFrom(
        'Supported',
        'Require',
        'k',
        'Allow',
        'Event',
        'Session-Expires',
        'RAck',
        'RSeq',
        'Min-SE',
        'Expires',
      ),
      fc.oneof(token, fc.nat().map(String)),
    ),
    fc.tuple(
      fc.oneof(
        token.filter((name) => !/^(m|contact)$/i.test(name)),
        fc.constantFrom('constructor', 'toString', '__proto__', 'hasOwnProperty'),
      ),
      fc.stringMatching(/^[!-~]([ -~]{0,40}[!-~])?$/),
    ),
  ),
  { maxLength: 12 },
);

/** A request or response every element must be able to read. */
export const validMessage: fc.Arbitrary<string> = fc
  .record({
    method,
    uri,
    address,
    to: address,
    call: word,
    cseq: fc.nat({ max: 2 ** 31 - 1 }),
    branch: word,
    others,
    blank,
    status: fc.option(fc.integer({ min: 100, max: 699 })),
    tagged: fc.boolean(),
    body: fc.string({ unit: 'binary-ascii', maxLength: 80 }),
  })
  .map((part) => {
    const start =
      part.status === null ? `${part.method} ${part.uri} SIP/2.0` : `SIP/2.0 ${part.status} Some reason`;
    const more = part.others
      .filter(
        ([name]) => !/^(l|v|f|t|i|via|from|to|date|cseq|call-id|max-forwards|content-length)$/i.test(name),
      )
      .map(([name, value]) => `${name}:${part.blank}${value}`);
    return [
      start,
      `Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK${part.branch}`,
      'Max-Forwards: 70',
      `From: ${part.address};tag=${part.call}`,
      `To: ${part.to}${part.tagged ? ';tag=far' : ''}`,
      `Call-ID: ${part.call}`,
      `CSeq: ${part.cseq} ${part.method}`,
      ...more,
      `Content-Length: ${part.body.length}`,
      '',
      part.body,
    ].join('\r\n');
  });

type Spoil = (text: string) => string;
const at = (text: string, place: number) => place % (text.length + 1);

/** Bytes changed, cut, doubled, or a piece put where it does not belong. */
const spoil: fc.Arbitrary<Spoil> = fc.oneof(
  fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })).map(
    ([place, byte]): Spoil =>
      (text) => {
        const from = at(text, place);
        return text.slice(0, from) + String.fromCharCode(byte) + text.slice(from + 1);
      },
  ),
  fc.nat().map(
    (place): Spoil =>
      (text) =>
        text.slice(0, at(text, place)),
  ),
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 60 })).map(
    ([place, size]): Spoil =>
      (text) => {
        const from = at(text, place);
        return text.slice(0, from + size) + text.slice(from);
      },
  ),
  fc
    .tuple(
      fc.nat(),
      fc.constantFrom(
        '\r\n',
        '\r\n\r\n',
        '\0',
        '"',
        '<',
        '>',
        ';',
        ',',
        ':',
        ' '.repeat(500),
        ';'.repeat(500),
        '"\\'.repeat(200),
        '\r\nVia: x',
        '\r\nContent-Length: 99999999',
        '%00',
        '\xff\xfe',
        '('.repeat(300),
      ),
    )
    .map(
      ([place, piece]): Spoil =>
        (text) =>
          text.slice(0, at(text, place)) + piece + text.slice(at(text, place)),
    ),
);

export const spoiledMessage: fc.Arbitrary<string> = fc
  .tuple(validMessage, fc.array(spoil, { minLength: 1, maxLength: 6 }))
  .map(([text, spoils]) => spoils.reduce((sum, one) => one(sum), text));
