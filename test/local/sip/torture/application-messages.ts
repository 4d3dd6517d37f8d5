import { message, sdp, type TortureMessage } from './torture-message.ts';

const options = (name: string, more = '', uri = 'sip:user@example.com') => `OPTIONS ${uri} SIP/2.0
To: sip:j_user@example.com
From: sip:caller@example.net;tag=242etr
Max-Forwards: 6
Call-ID: ${name}.0ha0isndaksdj
CSeq: 8 OPTIONS
Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKkdju43234{rport}
${more}`;

const register = (name: string, contact: string, more = '') => `REGISTER sip:example.com SIP/2.0
Via: SIP/2.0/TCP saturn.example.com:5060;branch=z9hG4bKkdjuw{rport}
Max-Forwards: 70
From: sip:watson@example.com;tag=DkfVgjkrtMwaerKKpe
To: sip:watson@example.com
Call-ID: ${name}.sndkdj2
CSeq: 2 REGISTER
Contact: ${contact}
${more}`;

const invite = (name: string, more: string) => `INVITE sip:user@example.com SIP/2.0
Contact: <sip:caller@host5.example.net>
To: sip:j_user@example.com
From: sip:caller@example.net;tag=8392034
Max-Forwards: 70
Call-ID: ${name}.0ha0isndaksdjadsfij34n23d
CSeq: 235448 INVITE
Via: SIP/2.0/UDP somehost.example.com;branch=z9hG4bKkdjuw{rport}
${more}`;

/** RFC 4475 §3.3 and §3.4: right in their syntax; what they mean is for the transaction user, here partly the application. */
export const applicationMessages: readonly TortureMessage[] = [
  {
    name: 'insuf',
    section: '3.3.1',
    reaction: { status: 400, says: /missing/ },
    text: message(
      `INVITE sip:user@example.com SIP/2.0
CSeq: 193942 INVITE
Via: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj.insuf{rport}
Content-Type: application/sdp
l: ${sdp.length}
`,
      sdp,
    ),
  },
  {
    name: 'unkscm',
    section: '3.3.2',
    reaction: { status: 416 },
    text: message(options('unkscm', '', 'nobodyKnowsThisScheme:totallyopaquecontent')),
  },
  {
    name: 'novelsc',
    section: '3.3.3',
    reaction: { status: 416 },
    text: message(options('novelsc', '', 'soap.beep://192.0.2.103:3002')),
  },
  {
    name: 'unksm2',
    section: '3.3.4',
    reaction: { app: { To: 'isbn:2983792873', Contact: '<name:John_Smith>' } },
    text: message(
      register('unksm2', '<name:John_Smith>')
        .replace('To: sip:watson@example.com', 'To: isbn:2983792873')
        .replace('From: sip:watson@example.com', 'From: <http://www.example.com>'),
    ),
  },
  {
    name: 'bext01',
    section: '3.3.5',
    // what is supported only the application knows: its 420 goes back
    reaction: {
      app: {
        Require: 'nothingSupportsThis, nothingSupportsThisEither',
        'Proxy-Require': 'noProxiesSupportThis, norDoAnyProxiesSupportThis',
      },
      answers: 420,
      with: { Unsupported: 'nothingSupportsThis, nothingSupportsThisEither' },
    },
    text: message(
      options(
        'bext01',
        'Require: nothingSupportsThis, nothingSupportsThisEither\nProxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis\n',
      ).replace('SIP/2.0/TCP 192.0.2.1', 'SIP/2.0/TLS fold-and-staple.example.com'),
    ),
  },
  {
    name: 'invut',
    section: '3.3.6',
    reaction: {
      app: { 'Content-Type': 'application/unknownformat' },
      answers: 415,
      with: { Accept: 'application/sdp' },
    },
    text: message(invite('invut', 'Content-Type: application/unknownformat\n'), '<audio>\r\n</audio>\r\n'),
  },
  {
    name: 'regaut01',
    section: '3.3.7',
    reaction: {
      app: { Authorization: 'NoOneKnowsThisScheme opaque-data=here' },
      answers: 401,
      with: { 'WWW-Authenticate': 'Digest realm="example.com", nonce="84a4cc6f3082121f32b42a2187831a9e"' },
    },
    text: message(
      register(
        'regaut01',
        '<sip:j.user@host.example.com>',
        'Authorization: NoOneKnowsThisScheme opaque-data=here\n',
      ),
    ),
  },
  {
    name: 'multi01',
    section: '3.3.8',
    reaction: { status: 400, says: /more than one/ },
    text: message(
      `INVITE sip:user@company.com SIP/2.0
Contact: <sip:caller@host25.example.net>
Via: SIP/2.0/UDP 192.0.2.25;branch=z9hG4bKkdjuw{rport}
Max-Forwards: 70
CSeq: 5 INVITE
Call-ID: multi01.98asdh@192.0.2.1
CSeq: 59 INVITE
Call-ID: multi01.98asdh@192.0.2.2
From: sip:caller@example.com;tag=3413415
To: sip:user@example.com
To: sip:other@example.net
From: sip:caller@example.net;tag=2923420123
Content-Type: application/sdp
Contact: <sip:caller@host36.example.net>
Max-Forwards: 5
`,
      sdp,
    ),
  },
  {
    name: 'mcl01',
    section: '3.3.9',
    reaction: { status: 400, says: /content-length/ },
    stream: { status: 400, leaves: 'closed' },
    text: message(
      options('mcl01', 'Content-Length: 13\nContent-Length: 5\nContent-Type: text/plain\n'),
      "There's no way to know how many octets are supposed to be here.\r\n",
    ),
  },
  {
    name: 'bcast',
    section: '3.3.10',
    reaction: 'dropped',
    text: message(
      `SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23
Call-ID: bcast.0384840201234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Contact: <sip:user@host28.example.com>
Content-Type: application/sdp
`,
      sdp,
    ),
  },
  {
    name: 'zeromf',
    section: '3.3.11',
    // who an OPTIONS can go no further than answers it (RFC 3261 §11)
    reaction: { app: { 'Max-Forwards': '0' } },
    text: message(options('zeromf').replace('Max-Forwards: 6', 'Max-Forwards: 0')),
  },
  {
    name: 'cparam01',
    section: '3.3.12',
    reaction: { app: { Contact: 'sip:+19725552222@gw1.example.net;unknownparam' } },
    text: message(register('cparam01', 'sip:+19725552222@gw1.example.net;unknownparam')),
  },
  {
    name: 'cparam02',
    section: '3.3.13',
    reaction: { app: { Contact: '<sip:+19725552222@gw1.example.net;unknownparam>' } },
    text: message(register('cparam02', '<sip:+19725552222@gw1.example.net;unknownparam>')),
  },
  {
    name: 'regescrt',
    section: '3.3.14',
    reaction: { app: { Contact: '<sip:user@example.com?Route=%3Csip:sip.example.com%3E>' } },
    text: message(
      register('regescrt', '<sip:user@example.com?Route=%3Csip:sip.example.com%3E>', 'L:0\n').replace(
        'Contact:',
        'M:',
      ),
    ),
  },
  {
    name: 'sdp01',
    section: '3.3.15',
    reaction: { app: { Accept: 'text/nobodyKnowsThis' }, answers: 406 },
    text: message(invite('sdp01', 'Accept: text/nobodyKnowsThis\nContent-Type: application/sdp\n'), sdp),
  },
  {
    name: 'inv2543',
    section: '3.4.1',
    // there is nowhere to send a BYE without a Contact (RFC 3261 §8.1.1.8); on a stream it also lacks a length (§20.14)
    reaction: { status: 400, says: /contact/ },
    stream: { status: 400, leaves: 'closed' },
    text: `${message(`INVITE sip:UserB@example.com SIP/2.0
Via: SIP/2.0/UDP iftgw.example.com{rport}
From: <sip:+13035551111@ift.client.example.net;user=phone>
Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>
To: sip:+16505552222@ss1.example.net;user=phone
Call-ID: inv2543.1717@ift.client.example.com
CSeq: 56 INVITE
Content-Type: application/sdp
`).replace('Content-Length: 0\r\n', '')}${sdp}`,
  },
  {
    name: 'inv2543 with a Contact',
    section: '3.4.1',
    // neither tag nor branch nor Max-Forwards: a missing tag is a tag of null (RFC 3261 §12.1.1)
    reaction: {
      app: { From: '<sip:+13035551111@ift.client.example.net;user=phone>', CSeq: '56 INVITE' },
    },
    text: message(
      `INVITE sip:UserB@example.com SIP/2.0
Via: SIP/2.0/UDP iftgw.example.com{rport}
From: <sip:+13035551111@ift.client.example.net;user=phone>
Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>
To: sip:+16505552222@ss1.example.net;user=phone
Call-ID: inv2543.1718@ift.client.example.com
CSeq: 56 INVITE
Contact: <sip:+13035551111@ift.client.example.net>
Content-Type: application/sdp
`,
      sdp,
    ),
  },
];
