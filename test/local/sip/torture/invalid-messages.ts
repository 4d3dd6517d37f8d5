import { message, sdp, type TortureMessage } from './torture-message.ts';

const head = (method: string, name: string, more = '', uri = 'sip:user@example.com') =>
  `${method} ${uri} SIP/2.0
Max-Forwards: 7
To: sip:j.user@example.com
From: sip:caller@example.net;tag=8814
Call-ID: ${name}.dkei38sd
CSeq: 1893884 ${method}
Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdju43234{rport}
Contact: <sip:caller@host5.example.net>
${more}`;

const withSdp = 'Content-Type: application/sdp\n';

/** RFC 4475 §3.1.2 and §3.2: wrong in their syntax. Where the RFC leaves a choice, refused. */
export const invalidMessages: readonly TortureMessage[] = [
  {
    name: 'badinv01',
    section: '3.1.2.1',
    reaction: { status: 400, says: /Via/i },
    text: message(
      `INVITE sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=134161461246
Max-Forwards: 7
Call-ID: badinv01.0ha0isndaksdjasdf3234nas
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.15{rport};;,;,,
Contact: "Joe" <sip:joe@example.org>;;;;
Content-Type: application/sdp
`,
      sdp,
    ),
  },
  {
    name: 'badinv01 with only its Contact',
    section: '3.1.2.1',
    reaction: { status: 400, says: /contact/i },
    text: message(
      `INVITE sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=134161461246
Max-Forwards: 7
Call-ID: badinv01.0ha0isndaksdjasdf3234nas
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.15{rport}
Contact: "Joe" <sip:joe@example.org>;;;;
Content-Type: application/sdp
`,
      sdp,
    ),
  },
  {
    name: 'clerr',
    section: '3.1.2.2',
    reaction: { status: 400, says: /Content-Length/ },
    stream: { leaves: 'waits' },
    text: message(head('INVITE', 'clerr', `${withSdp}Content-Length: 9999\n`), sdp),
  },
  {
    name: 'ncl',
    section: '3.1.2.3',
    reaction: { status: 400, says: /Content-Length/ },
    stream: { status: 400, leaves: 'closed' },
    text: message(head('INVITE', 'ncl', `${withSdp}Content-Length: -999\n`), sdp),
  },
  {
    name: 'scalar02',
    section: '3.1.2.4',
    reaction: { status: 400 },
    text: message(`REGISTER sip:example.com SIP/2.0
Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bK342sdfoi3{rport}
To: <sip:user@example.com>
From: <sip:user@example.com>;tag=239232jh3
CSeq: 36893488147419103232 REGISTER
Call-ID: scalar02.23o0pd9vanlq3wnrlnewofjas9ui32
Max-Forwards: 300
Expires: 1${'0'.repeat(100)}
Contact: <sip:user@host129.example.com>
  ;expires=280297596632815
Content-Length: 0
`),
  },
  {
    name: 'scalarlg',
    section: '3.1.2.5',
    reaction: 'dropped',
    text: message(`SIP/2.0 503 Service Unavailable
Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bKzzxdiwo34sw;received=192.0.2.129
To: <sip:user@example.com>
From: <sip:other@example.net>;tag=2easdjfejw
CSeq: 9292394834772304023312 OPTIONS
Call-ID: scalarlg.noase0of0234hn2qofoaf0232aewf2394r
Retry-After: 949302838503028349304023988
Warning: 1812 overture "In Progress"
Content-Length: 0
`),
  },
  {
    name: 'quotbal',
    section: '3.1.2.6',
    reaction: { status: 400, says: /to/ },
    text: message(
      head('INVITE', 'quotbal', withSdp).replace(
        'To: sip:j.user@example.com',
        'To: "Mr. J. User <sip:j.user@example.com>',
      ),
      sdp,
    ),
  },
  {
    name: 'ltgtruri',
    section: '3.1.2.7',
    reaction: { status: 400, says: /request/ },
    text: message(head('INVITE', 'ltgtruri', withSdp, '<sip:user@example.com>'), sdp),
  },
  {
    name: 'lwsruri',
    section: '3.1.2.8',
    reaction: { status: 400, says: /request line/ },
    text: message(head('INVITE', 'lwsruri', withSdp, 'sip:user@example.com; lr'), sdp),
  },
  {
    name: 'lwsstart',
    section: '3.1.2.9',
    reaction: { status: 400, says: /request line/ },
    text: message(head('INVITE', 'lwsstart', withSdp, ' sip:user@example.com '), sdp),
  },
  {
    name: 'trws',
    section: '3.1.2.10',
    reaction: { status: 400, says: /request line/ },
    text: message(head('OPTIONS', 'trws').replace('SIP/2.0\n', 'SIP/2.0  \n')),
  },
  {
    name: 'escruri',
    section: '3.1.2.11',
    reaction: { status: 400, says: /request/ },
    text: message(
      head('INVITE', 'escruri', withSdp, 'sip:user@example.com?Route=%3Csip:example.com%3E'),
      sdp,
    ),
  },
  {
    name: 'baddate',
    section: '3.1.2.12',
    reaction: { status: 400, says: /date/ },
    text: message(head('INVITE', 'baddate', `Date: Fri, 01 Jan 2010 16:00:00 EST\n${withSdp}`), sdp),
  },
  {
    name: 'regbadct',
    section: '3.1.2.13',
    reaction: { status: 400, says: /contact/ },
    text: message(
      head('REGISTER', 'regbadct', '', 'sip:example.com').replace(
        '<sip:caller@host5.example.net>',
        'sip:user@example.com?Route=%3Csip:sip.example.com%3E',
      ),
    ),
  },
  {
    name: 'badaspec',
    section: '3.1.2.14',
    reaction: { status: 400, says: /to/ },
    text: message(
      head('OPTIONS', 'badaspec')
        .replace('From: sip:caller@example.net', 'From: "Bell, Alexander" <sip:a.g.bell@example.com>')
        .replace('To: sip:j.user@example.com', 'To: "Watson, Thomas" < sip:t.watson@example.org >'),
    ),
  },
  {
    name: 'baddn',
    section: '3.1.2.15',
    reaction: { status: 400, says: /from/ },
    text: message(
      head('OPTIONS', 'baddn').replace(
        'From: sip:caller@example.net',
        'From: Bell, Alexander <sip:a.g.bell@example.com>',
      ),
    ),
  },
  {
    name: 'badvers',
    section: '3.1.2.16',
    reaction: { status: 505 },
    text: message(
      head('OPTIONS', 'badvers').replace('SIP/2.0\n', 'SIP/7.0\n').replace('Via: SIP/2.0', 'Via: SIP/7.0'),
    ),
  },
  {
    name: 'mismatch01',
    section: '3.1.2.17',
    reaction: { status: 400, says: /CSeq/ },
    text: message(head('OPTIONS', 'mismatch01').replace('1893884 OPTIONS', '8 INVITE')),
  },
  {
    name: 'mismatch02',
    section: '3.1.2.18',
    reaction: { status: 400, says: /CSeq/ },
    text: message(head('NEWMETHOD', 'mismatch02', withSdp).replace('1893884 NEWMETHOD', '8 INVITE'), sdp),
  },
  {
    name: 'bigcode',
    section: '3.1.2.19',
    reaction: 'dropped',
    text: message(`SIP/2.0 4294967301 better not break the receiver
Via: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe
Call-ID: bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i
CSeq: 353494 INVITE
From: <sip:user@example.com>;tag=39ansfi3
To: <sip:user@example.edu>;tag=902jndnke3
Content-Length: 0
Contact: <sip:user@host105.example.com>
`),
  },
  {
    name: 'badbranch',
    section: '3.2.1',
    reaction: { status: 400, says: /branch/ },
    text: message(head('OPTIONS', 'badbranch').replace('z9hG4bKkdju43234', 'z9hG4bK')),
  },
];
