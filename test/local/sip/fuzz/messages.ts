import fc from 'fast-check';
import { address, blank, contact, list, requestUri, routes, token, via, word } from './addresses.ts';
import { spoiled } from './spoil.ts';

/* A grammar of SIP messages (RFC 3261 §25.1). Texts are Latin-1: a character is a byte. */

const methods = [
  ...['INVITE', 'OPTIONS', 'ACK', 'CANCEL', 'BYE', 'PRACK', 'UPDATE', 'INFO', 'REFER', 'SUBSCRIBE', 'NOTIFY'],
  ...['MESSAGE', 'REGISTER', 'PUBLISH'],
] as const;
const method = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...methods) },
  { weight: 1, arbitrary: token },
);

type Header = readonly [name: string, value: string];

const number = fc.nat().map(String);
const known: fc.Arbitrary<Header> = fc.oneof(
  fc.tuple(fc.constantFrom('Contact', 'm', 'CONTACT'), contact),
  fc.tuple(fc.constantFrom('Route', 'Record-Route', 'rECORD-rOUTE', 'Path', 'Service-Route'), routes),
  fc.tuple(fc.constantFrom('Refer-To', 'r', 'Referred-By', 'b', 'P-Asserted-Identity'), address),
  fc.tuple(fc.constantFrom('Replaces', 'Join'), word),
  fc.tuple(fc.constantFrom('Supported', 'Require', 'k', 'Allow', 'u', 'Allow-Events', 'Accept'), list(token)),
  fc.tuple(
    fc.constantFrom('Event', 'o', 'Session-Expires', 'x', 'RAck', 'RSeq', 'Min-SE', 'Expires'),
    number,
  ),
  fc.tuple(fc.constantFrom('Event', 'o', 'Session-Expires', 'Expires', 'Subject', 's'), token),
  fc.tuple(
    fc.constantFrom('Authorization', 'Proxy-Authorization'),
    word.map((text) => `Digest username="${text}", nonce="\\"", response=""`),
  ),
);

/** What the message itself says, or what is checked: not to be said twice, or at random. */
const reserved =
  /^(l|v|f|t|i|m|c|via|from|to|date|cseq|call-id|contact|max-forwards|content-length|content-type|proxy-require)$/i;
const unknown: fc.Arbitrary<Header> = fc.tuple(
  fc.oneof(
    token.filter((name) => !reserved.test(name)),
    fc.constantFrom('constructor', 'toString', '__proto__', 'hasOwnProperty'),
  ),
  fc.stringMatching(/^[!-~]([ -~]{0,40}[!-~])?$/),
);

const headers = fc.array(fc.oneof({ weight: 3, arbitrary: known }, { weight: 1, arbitrary: unknown }), {
  maxLength: 12,
});

interface Body {
  readonly type: string;
  readonly text: string;
}

const plain: fc.Arbitrary<Body> = fc.record({
  type: fc.constantFrom('application/sdp', 'text/plain;charset="utf-8"', 'x/y'),
  text: fc.string({ unit: 'binary-ascii', maxLength: 80 }),
});
const multipart: fc.Arbitrary<Body> = fc
  .tuple(word, fc.array(fc.tuple(plain, blank), { maxLength: 4 }))
  .map(([boundary, parts]) => ({
    type: `multipart/mixed;boundary="${boundary}"`,
    text: `${parts.map(([{ type, text }, gap]) => `--${boundary}\r\nContent-Type:${gap}${type}\r\n\r\n${text}\r\n`).join('')}--${boundary}--`,
  }));
const body = fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: multipart });

/** How each header that every message has is written. */
const spelling = fc.record({
  via: fc.constantFrom('Via', 'v', 'VIA', 'vIa', 'V'),
  from: fc.constantFrom('From', 'f', 'FROM', 'F'),
  to: fc.constantFrom('To', 't', 'tO'),
  callId: fc.constantFrom('Call-ID', 'i', 'I', 'cALL-iD'),
  length: fc.constantFrom('Content-Length', 'l', 'L', 'content-length'),
  type: fc.constantFrom('Content-Type', 'c'),
  colon: fc.constantFrom(':', ': ', ' :', ' \t: ', ':\r\n '),
});

/** A request or response every element must be able to read. */
export const validMessage: fc.Arbitrary<string> = fc
  .record({
    method,
    uri: requestUri,
    from: address,
    to: address,
    vias: fc.array(via, { minLength: 1, maxLength: 5 }),
    call: word,
    cseq: fc.nat({ max: 2 ** 31 - 1 }),
    headers,
    blank,
    spelling,
    status: fc.option(fc.integer({ min: 100, max: 699 })),
    tagged: fc.boolean(),
    hops: fc.integer({ min: 1, max: 255 }),
    body,
    turned: fc.nat(),
  })
  .map(({ spelling: name, ...part }) => {
    const start =
      part.status === null ? `${part.method} ${part.uri} SIP/2.0` : `SIP/2.0 ${part.status} Some reason`;
    const lines: Header[] = [
      ...part.vias.map((one): Header => [name.via, one]),
      ['Max-Forwards', `${part.hops}`],
      [name.from, `${part.from};tag=${part.call}`],
      [name.to, `${part.to}${part.tagged ? ';tag=far' : ''}`],
      [name.callId, part.call],
      ['CSeq', `${part.cseq} ${part.blank}${part.method}`],
      ...part.headers,
      [name.type, part.body.type],
      [name.length, `${part.body.text.length}`],
    ];
    const turn = part.turned % lines.length; // any order is right (§7.3.1)
    const turned = [...lines.slice(turn), ...lines.slice(0, turn)];
    return `${start}\r\n${turned.map(([key, value]) => `${key}${name.colon}${value}`).join('\r\n')}\r\n\r\n${part.body.text}`;
  });

export const spoiledMessage: fc.Arbitrary<string> = spoiled(validMessage);
