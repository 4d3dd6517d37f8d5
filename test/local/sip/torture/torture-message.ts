/** What RFC 4475 asks of whoever receives a message. */
export type Reaction =
  /** an application is given it, reads these headers in it, and its answer goes back, with these headers */
  | {
      readonly app: Readonly<Record<string, string>>;
      readonly answers?: number;
      readonly with?: Readonly<Record<string, string>>;
    }
  /** refused by the server itself, with a text that says why */
  | { readonly status: number; readonly says?: RegExp }
  | 'dropped';

export interface TortureMessage {
  /** as RFC 4475 names it */
  readonly name: string;
  readonly section: string;
  /** Latin-1, one character a byte; `{rport}` stands where RFC 3581's parameter goes on UDP */
  readonly text: string;
  readonly reaction: Reaction;
  /** on a stream, where that is not the same: it is closed, the message is not yet whole, or what follows is one too */
  readonly stream?: { readonly status?: number; readonly leaves: 'closed' | 'waits' | 'another' };
}

/** As its bytes stand in Latin-1. */
export const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** Written with \n for readability, sent with CRLF. */
const lines = (text: string): string => text.replaceAll('\n', '\r\n');

export const sdp = lines(`v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.3
s=-
c=IN IP4 192.0.2.4
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
`);

/** The head as it stands, then the body with the length it has, unless the head already names one. */
export function message(head: string, body = ''): string {
  const named = /^(content-length|l)\s*:/im.test(head);
  return `${lines(head)}${named ? '' : `Content-Length: ${body.length}\r\n`}\r\n${body}`;
}
