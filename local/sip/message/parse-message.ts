import { headerName } from './header-names.ts';
import { SipMessage } from './sip-message.ts';

const mostHeaders = 256;

/** Why a text is no SIP message; `message` holds what could be read of it, so that a request can still be answered. */
export interface ParseFault {
  readonly fault: string;
  readonly message?: SipMessage;
}

const requestLine = /^([^\s]+) ([^\s]+) SIP\/(\d+\.\d+)$/i;
const statusLine = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/i;

/** Read a whole message from its Latin-1 text. The body is cut to Content-Length where there is one (RFC 3261 §18.3). */
export function parseMessage(text: string): SipMessage | ParseFault {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return { fault: 'the headers have no end' };
  const lines = text.slice(0, end).split('\r\n');
  const message = parseStartLine(lines[0] ?? '');
  if ('fault' in message) return message;
  const fault = parseHeaders(lines, message) ?? cutBody(text.slice(end + 4), message);
  return fault ? { fault, message } : message;
}

function parseStartLine(line: string): SipMessage | ParseFault {
  const status = statusLine.exec(line);
  if (status) return SipMessage.response(Number(status[1]), status[2] ?? '');
  const request = requestLine.exec(line);
  if (!request?.[1] || !request[2]) return { fault: 'the start line is neither a request nor a status line' };
  const message = SipMessage.request(request[1], request[2]);
  if (request[3] !== '2.0') message.reason = 'SIP version'; // answered 505 by the validation
  return message;
}

function parseHeaders(lines: readonly string[], message: SipMessage): string | undefined {
  for (let at = 1; at < lines.length; at++) {
    if (at > mostHeaders) return `more than ${mostHeaders} headers`; // what was read so far suffices for an answer
    const line = lines[at] ?? '';
    const first = line.charCodeAt(0);
    const last = message.lines.at(-1);
    if ((first === 0x20 || first === 0x09) && last) {
      last.value = `${last.value} ${line.trim()}`; // RFC 3261 §7.3.1: a folded line continues the one before
      continue;
    }
    const colon = line.indexOf(':');
    const spelling = line.slice(0, Math.max(colon, 0)).trimEnd();
    if (!isToken(spelling)) return `header line ${at} has no name`;
    message.lines.push({ ...headerName(spelling), value: line.slice(colon + 1).trim() });
  }
  return undefined;
}

const isToken = (text: string): boolean => /^[\w.!%*+`'~-]+$/.test(text);

function cutBody(rest: string, message: SipMessage): string | undefined {
  const declared = message.first('content-length');
  if (declared === undefined) {
    message.body = rest; // RFC 3261 §18.3: without it the body runs to the end of the datagram
    return undefined;
  }
  if (!/^\d{1,9}$/.test(declared)) return 'Content-Length is not a number';
  if (Number(declared) > rest.length) return 'the body is shorter than Content-Length';
  message.body = rest.slice(0, Number(declared));
  return undefined;
}
