import fc from 'fast-check';
import { word } from './addresses.ts';
import { validMessage } from './messages.ts';
import { spoiled } from './spoil.ts';

/* What an application that has shown the secret may write: its frames count bytes of UTF-8. Texts are Latin-1. */

const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

/** Names that lead nowhere: nothing may leave this machine, whatever is spoiled. */
const uri = fc.constantFrom(
  'sip:bob@nowhere.invalid',
  'sips:bob@nowhere.invalid;transport=tls',
  'tel:911',
  'x',
  '',
);
const some = fc.oneof(word, fc.constant(''), fc.constant('constructor'), fc.constant('|'));

const written = fc
  .record({
    start: fc.oneof(
      fc
        .tuple(fc.constantFrom('INVITE', 'OPTIONS', 'MESSAGE', 'CANCEL', 'BYE', 'ACK', 'x'), uri)
        .map(([method, to]) => `${method} ${to} SIP/2.0`),
      fc.constantFrom('SIP/2.0 200 OK', 'SIP/2.0 999 x', 'SIP/2.0', ''),
    ),
    headers: fc.array(
      fc.constantFrom(
        'Subject: работа 大停電 😀',
        'From: "Ünï" <sip:a@localhost>;tag=1',
        'To: <sip:b@localhost>',
        'Contact: <sip:localhost>',
        'Contact: *',
        'Call-ID: same',
        'Content-Type: application/sdp',
        'CSeq: 99999999999 INVITE',
        'Content-Length: 4',
        'no header',
        ': nothing',
        'Route: <sip:nowhere.invalid;lr>',
        'Session-Expires: x',
        'RSeq: 1',
        'Require: 100rel',
      ),
      { maxLength: 6 },
    ),
    body: fc.constantFrom('', 'v=0\r\n', 'é€😀', '\0'),
  })
  .map(({ start, headers, body }) => latin1(`${[start, ...headers].join('\r\n')}\r\n\r\n${body}`));

const command = fc.oneof(
  fc.constantFrom(
    'ping',
    'route|invite',
    'route|',
    'remove_route|invite',
    'authenticate|wrong|',
    'unknown|1',
    '',
  ),
  fc
    .tuple(some, some, uri, fc.oneof(written, validMessage.map(atNowhere)))
    .map(([transaction, dialog, route, text]) => `sip|${transaction}|${dialog}|${route}\r\n${text}`),
  fc
    .tuple(some, uri, written)
    .map(
      ([transaction, to, text]) =>
        `proxy|${transaction}|remainInDialog|fullResponse|followRedirects|simultaneous|1ms|x|${to}|${to}\r\n${text}`,
    ),
);

/** A message of the network's grammar names addresses of others. */
function atNowhere(text: string): string {
  return text.replace(
    /\d+\.\d+\.\d+\.\d+|\[[0-9a-f:.]+\]|[\w-]+(\.[\w-]+)*\.(com|org)\.?/gi,
    'nowhere.invalid',
  );
}

/** How a length may lie; it counts bytes, and a character is a byte here. */
const lengthOf = fc.oneof(
  { weight: 6, arbitrary: fc.constant((length: number) => `${length}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      (length: number) => `${length + 1}`,
      (length: number) => `${Math.max(0, length - 1)}`,
      () => '',
      () => '-5',
      () => '0',
      () => '0x10',
      () => '262145',
      () => '999999999999',
      (length: number) => `00${length}`,
    ),
  },
);

const frame = fc
  .tuple(word, command, lengthOf)
  .map(([id, text, length]) => `${length(id.length + 1 + text.length)}#${id}|${text}`);
const frames = fc.array(frame, { minLength: 1, maxLength: 6 }).map((all) => all.join(''));

export const appFrames: fc.Arbitrary<string> = fc.oneof(frames, spoiled(frames));
