import { parseMessage } from '../../local/sip/message/parse-message.ts';
import { SipMessage } from '../../local/sip/message/sip-message.ts';
import { requestFault } from '../../local/sip/message/validate-request.ts';

const sdp =
  'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n';

/** What a carrier's INVITE looks like: 13 headers, an offer. */
const invite = (call: number) =>
  [
    'INVITE sip:+15550100@192.0.2.9 SIP/2.0',
    `Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK${call};rport`,
    'Record-Route: <sip:192.0.2.7;lr>',
    'Max-Forwards: 70',
    `From: "Alice" <sip:+15550199@192.0.2.1>;tag=${call}a`,
    'To: <sip:+15550100@192.0.2.9>',
    `Call-ID: ${call}@192.0.2.1`,
    'CSeq: 1 INVITE',
    'Contact: <sip:+15550199@192.0.2.1:5060>',
    'Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, PRACK',
    'Supported: timer, 100rel',
    'User-Agent: bench',
    'Content-Type: application/sdp',
    `Content-Length: ${sdp.length}`,
    '',
    sdp,
  ].join('\r\n');

export interface TextFigures {
  /** µs for one message: read, checked, and what every request needs of it */
  readonly parseUs: number;
  readonly printUs: number;
}

export function measureTexts(messages = 50_000): TextFigures {
  const texts = Array.from({ length: messages }, (_one, call) => invite(call));
  const read: SipMessage[] = [];
  const parse = () => {
    read.length = 0;
    for (const text of texts) {
      const message = parseMessage(text);
      if (!(message instanceof SipMessage) || requestFault(message)) throw new Error('not read');
      if (!message.via || !message.cseq || message.fromTag === '') throw new Error('not read');
      read.push(message);
    }
  };
  const print = () => {
    let length = 0;
    for (const message of read) length += Buffer.from(message.print(), 'latin1').length;
    return length;
  };
  parse(); // compiled from here on
  print();
  const parseUs = timed(parse, messages);
  return { parseUs, printUs: timed(print, messages) };
}

function timed(act: () => unknown, times: number): number {
  const started = performance.now();
  act();
  return ((performance.now() - started) * 1000) / times;
}
