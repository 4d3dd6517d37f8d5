import fc from 'fast-check';

/* URIs, addresses and Vias of RFC 3261 §25.1, in all the spellings they may have. Texts are Latin-1: a character is a byte. */

export const word = fc.stringMatching(/^[A-Za-z0-9]{1,10}$/);
export const token = fc.stringMatching(/^[A-Za-z0-9.!%*_+`'~-]{1,12}$/);
/** LWS: a fold is as good as a blank. */
export const blank = fc.constantFrom('', ' ', '  ', '\t', '\r\n ', ' \r\n\t ');

const host = fc.constantFrom(
  'example.com',
  'a-b.example.org.',
  '127.0.0.1',
  '192.0.2.1',
  '[::1]',
  '[2001:db8::9:1]',
  '[::ffff:192.0.2.10]',
);
const port = fc.constantFrom('', ':5060', ':1', ':65535');

const quotedWord = word.map((text) => `"${text};\\" ,<"`);

const params = (most = 3): fc.Arbitrary<string> =>
  fc
    .array(fc.tuple(blank, word, fc.option(fc.oneof(word, token, quotedWord))), { maxLength: most })
    .map((all) =>
      all.map(([gap, name, value]) => `${gap};${name}${value === null ? '' : `=${gap}${value}`}`).join(''),
    );

const user = fc.constantFrom('', 'bob@', '+1-555;isub=9@', '%00%20%40@', 'a.b!~*:pass&=+$,@', 'alice;x=y?z@');
const sipUri = fc
  .tuple(
    fc.constantFrom('sip', 'sips', 'SIP', 'sIpS'),
    user,
    host,
    port,
    fc.constantFrom('', ';lr', ';x=y', ';transport=tcp;ttl=1', ';maddr=127.0.0.1'),
  )
  .map(([scheme, name, at, number, more]) => `${scheme}:${name}${at}${number}${more}`);
const telUri = fc.constantFrom('tel:+1-555-0100', 'tel:911;phone-context=example.com', 'tel:*31#');

export const requestUri = fc.oneof({ weight: 5, arbitrary: sipUri }, { weight: 1, arbitrary: telUri });

const display = fc.constantFrom(
  '',
  'Alice ',
  "A. b!%*_+`'~ C ",
  '"A, <b>; \\"c\\"" ',
  '"\xc3\xa0"',
  '"\\\x07" ',
);
const anyUri = fc.oneof(sipUri, telUri, fc.constant('mailto:a@example.com'), fc.constant('urn:service:sos'));
const nameAddr = fc.tuple(display, anyUri, params()).map(([name, to, more]) => `${name}<${to}>${more}`);
/** Without brackets a URI has no parameters of its own, and neither comma nor question mark (§20.10). */
const addrSpec = fc
  .tuple(
    anyUri.filter((to) => !/[;,?]/.test(to)),
    params(),
  )
  .map(([to, more]) => `${to}${more}`);

export const address = fc.oneof(nameAddr, addrSpec);

export const list = (of: fc.Arbitrary<string>, most = 4): fc.Arbitrary<string> =>
  fc
    .tuple(blank, fc.array(of, { minLength: 1, maxLength: most }))
    .map(([gap, all]) => all.join(`${gap},${gap}`));

export const contact = fc.oneof(
  { weight: 5, arbitrary: list(address) },
  { weight: 1, arbitrary: fc.constant('*') },
);
export const routes = list(nameAddr, 6);

/** Where it says the answer goes matters on UDP: there it goes to who asked (RFC 3261 §18.2.2). */
export const via = fc
  .tuple(
    blank,
    fc.constantFrom('UDP', 'TCP', 'TLS', 'WS', 'SCTP', 'x-new'),
    host,
    port,
    word,
    fc.constantFrom('', ';rport', ';rport=1', ';received=127.0.0.2', ';ttl=255', ';hidden'),
    params(12),
  )
  .map(
    ([gap, transport, at, number, branch, more, others]) =>
      `SIP${gap}/${gap}2.0${gap}/${gap}${transport} ${gap}${at}${number}${gap};branch=z9hG4bK${branch}${more}${others}`,
  );
