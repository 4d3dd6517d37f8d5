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
  const { message, fault: first } = parseStartLine(lines[0] ?? '');
  if (!message) return { fault: 'the start line is neither a request nor a status line' };
  const fault = parseHeaders(lines, message) ?? first ?? cutBody(text.slice(end + 4), message);
  return fault ? { fault, message } : message;
}

interface StartLine {
  readonly message?: SipMessage;
  readonly fault?: string;
}

function parseStartLine(line: string): StartLine {
  const status = statusLine.exec(line);
  if (status) return { message: SipMessage.response(Number(status[1]), status[2] ?? '') };
  const request = requestLine.exec(line);
  if (!request?.[1] || !request[2]) return spoiledRequestLine(line);
  const message = SipMessage.request(request[1], request[2]);
  if (request[3] !== '2.0') message.reason = 'SIP version'; // answered 505 by the validation
  return { message };
}

/** White space too much (RFC 3261 §7.1): still a request, so it can be told. */
function spoiledRequestLine(line: string): StartLine {
  const method = line.indexOf(' ');
  const version = line.lastIndexOf(' SIP/');
  if (method < 1 || version < method || line.startsWith('SIP/')) return {};
  const message = SipMessage.request(line.slice(0, method), line.slice(method, version));
  return { message, fault: 'the request line has white space where it may not' };
}

function parseHeaders(lines: readonly string[], message: SipMessage): string | undefined {
  for (let at = 1; at < lines.length; at++) {
    if (at > mostHeaders) return `more than ${mostHeaders} headers`; // what was read so far suffices for an answer
    const line = lines[at] ?? '';
    const first = line.charCodeAt(0);
    const last = message.lines.at(-1);
    if ((first === 0x20 || first === 0x09) && last) {
      last.value = trimmed(`${last.value} ${trimmed(line)}`); // RFC 3261 §7.3.1: a folded line continues the one before
      continue;
    }
    const colon = line.indexOf(':');
    const spelling = line.slice(0, Math.max(colon, 0)).trimEnd();
    if (!isToken(spelling)) return `header line ${at} has no name`;
    const { key, name } = headerName(spelling); // not spread: that costs more than all the rest of a line
    message.lines.push({ key, name, value: trimmed(line.slice(colon + 1)) });
  }
  return undefined;
}

/** Without the blanks and tabs around it: other white space of Unicode is half of a character in UTF-8. */
function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

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
