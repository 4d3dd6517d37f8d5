import { message, sdp, type TortureMessage, utf8 } from './torture-message.ts';

/** Each is the name of Via, its colon and the blanks it may have around it (§7.3.1, §7.3.3). */
const oddlySpelled: readonly string[] = [
  ...['v:', 'V:', 'Via:', 'ViA:', 'VIa:', 'VIA:', 'via:', 'viA:', 'vIa:', 'vIA:'],
  ...['V : ', 'v : ', 'V  :', 'v  :', 'Via :', 'Via  :'],
  ...Array.from({ length: 16 }, () => 'Via:'),
];

/** RFC 4475 §3.1.1.7 to §3.1.1.13: much of it, or of an odd kind, and right. */
export const oddContents: readonly TortureMessage[] = [
  {
    name: 'longreq',
    section: '3.1.1.7',
    reaction: {
      app: {
        'Call-ID': `longreq.one${'really'.repeat(20)}longcallid`,
        CSeq: '3882340 INVITE',
        To: `"I have a user name of ${'extreme'.repeat(10)} proportion"<sip:user@example.com:6000;unknownparam1=very${'long'.repeat(20)}value;longparam${'name'.repeat(25)}=shortvalue;very${'long'.repeat(25)}ParameterNameWithNoValue>`,
        Contact: `<sip:${'amazinglylongcallername'.repeat(5)}@host5.example.net>`,
        [`Unknown-${'Long'.repeat(20)}-Name`]: `unknown-${'long'.repeat(20)}-value;unknown-${'long'.repeat(20)}-parameter-name=unknown-${'long'.repeat(20)}-parameter-value`,
      },
    },
    text: message(
      `INVITE sip:user@example.com SIP/2.0
To: "I have a user name of ${'extreme'.repeat(10)} proportion"<sip:user@example.com:6000;unknownparam1=very${'long'.repeat(20)}value;longparam${'name'.repeat(25)}=shortvalue;very${'long'.repeat(25)}ParameterNameWithNoValue>
F: sip:${'amazinglylongcallername'.repeat(5)}@example.net;tag=12${'982'.repeat(50)}424;unknownheaderparam${'name'.repeat(20)}=unknowheaderparam${'value'.repeat(15)};unknownValueless${'paramname'.repeat(10)}
Call-ID: longreq.one${'really'.repeat(20)}longcallid
CSeq: 3882340 INVITE
Unknown-${'Long'.repeat(20)}-Name: unknown-${'long'.repeat(20)}-value; unknown-${'long'.repeat(20)}-parameter-name = unknown-${'long'.repeat(20)}-parameter-value
Via: SIP/2.0/TCP sip33.example.com{rport}
${oddlySpelled.map((via, at) => `${via} SIP/2.0/TCP sip${32 - at}.example.com\n`).join('')}Via: SIP/2.0/TCP host.example.com;received=192.0.2.5;branch=very${'long'.repeat(50)}branchvalue
Max-Forwards: 70
Contact: <sip:${'amazinglylongcallername'.repeat(5)}@host5.example.net>
Content-Type: application/sdp
`,
      sdp,
    ),
  },
  {
    name: 'dblreq',
    section: '3.1.1.8',
    reaction: { app: { 'Call-ID': 'dblreq.0ha0isndaksdj99sdfafnl3lk233412', CSeq: '8 REGISTER' } },
    stream: { leaves: 'another' },
    text: `${message(`REGISTER sip:example.com SIP/2.0
To: sip:j.user@example.com
From: sip:j.user@example.com;tag=43251j3j324
Max-Forwards: 8
I: dblreq.0ha0isndaksdj99sdfafnl3lk233412
Contact: sip:j.user@host.example.com
CSeq: 8 REGISTER
Via: SIP/2.0/UDP 192.0.2.125;branch=z9hG4bKkdjuw23492{rport}
Content-Length: 0
`)}${message(
      `INVITE sip:joe@example.com SIP/2.0
t: sip:joe@example.com
From: sip:caller@example.net;tag=141334
Max-Forwards: 8
Call-ID: dblreq.0ha0isnda977644900765@192.0.2.15
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw380234
Contact: <sip:caller@host5.example.net>
Content-Type: application/sdp
`,
      sdp,
    )}`,
  },
  {
    name: 'semiuri',
    section: '3.1.1.9',
    reaction: {
      app: {
        To: 'sip:user;par=u%40example.net@example.com',
        CSeq: '8 OPTIONS',
        Accept:
          'application/sdp, application/pkcs7-mime, multipart/mixed, multipart/signed, message/sip, message/sipfrag',
      },
    },
    text: message(`OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0
To: sip:user;par=u%40example.net@example.com
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Call-ID: semiuri.0ha0isndaksdj
CSeq: 8 OPTIONS
Accept: application/sdp, application/pkcs7-mime,
        multipart/mixed, multipart/signed,
        message/sip, message/sipfrag
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKkdjuw{rport}
l: 0
`),
  },
  {
    name: 'transports',
    section: '3.1.1.10',
    reaction: { app: { CSeq: '60 OPTIONS', 'Call-ID': 'transports.kijh4akdnaqjkwendsasfdj' } },
    text: message(`OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: <sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID:  transports.kijh4akdnaqjkwendsasfdj
Accept: application/sdp
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw{rport}
Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf
Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj
Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en
Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee
l: 0
`),
  },
  {
    name: 'mpart01',
    section: '3.1.1.11',
    reaction: { app: { 'Content-Type': 'multipart/mixed;boundary=7a9cbec02ceef655', CSeq: '127 MESSAGE' } },
    text: message(
      `MESSAGE sip:kumiko@example.org SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-{rport}
Max-Forwards: 70
Route: <sip:127.0.0.1:5080>
Identity: r5mwreLuyDRYBi/0TiPwEsY3rEVsk/G2WxhgTV1PF7hHuLIK0YWVKZhKv9Mj8UeXqkMVbnVq37CD+813gvYjcBUaZngQmXc9WNZSDNGCzA+fWl9MEUHWIZo1CeJebdY/XlgKeTa0Olvq0rt70Q5jiSfbqMJmQFteeivUhkMWYUA=
Contact: <sip:fluffy@127.0.0.1:5070>
To: <sip:kumiko@example.org>
From: <sip:fluffy@example.com>;tag=2fb0dcc9
Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..
CSeq: 127 MESSAGE
Content-Transfer-Encoding: binary
Content-Type: multipart/mixed;boundary=7a9cbec02ceef655
Date: Sat, 15 Oct 2005 04:44:56 GMT
User-Agent: SIPimp.org/0.2.5 (curses)
`,
      '--7a9cbec02ceef655\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\nHello\r\n--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n\r\n\x00\x01\x82\xff\r\n\r\n\x30\x82\r\n--7a9cbec02ceef655--',
    ),
  },
  {
    name: 'unreason',
    section: '3.1.1.12',
    // to no request of ours: taken in, matched to nothing, dropped
    reaction: 'dropped',
    text: message(
      `SIP/2.0 200 = 2**3 * 5**2 ${utf8('но сто девяносто девять - простое')}
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Call-ID: unreason.1234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Contact: <sip:user@host198.example.com>
Content-Type: application/sdp
`,
      sdp,
    ),
  },
  {
    name: 'noreason',
    section: '3.1.1.13',
    reaction: 'dropped',
    text: message(`SIP/2.0 100 \nVia: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe
Call-ID: noreason.asndj203insdf99223ndf
CSeq: 35 INVITE
From: <sip:user@example.com>;tag=39ansfi3
To: <sip:user@example.edu>;tag=902jndnke3
Content-Length: 0
Contact: <sip:user@host105.example.com>
`),
  },
];
