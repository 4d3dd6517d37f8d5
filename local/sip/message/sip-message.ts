import { headerName } from './header-names.ts';
import { cutList, tagOf } from './name-addr.ts';
import { parseVia, type Via } from './via.ts';

export interface HeaderLine {
  readonly key: string;
  readonly name: string;
  value: string;
}

export interface CSeq {
  readonly number: number;
  readonly method: string;
}

/**
 * A SIP message whose text is Latin-1: one character is one byte, so lengths are byte counts and whatever encoding
 * the body has passes through untouched. Only what is asked for is parsed, once.
 */
export class SipMessage {
  /** empty in a response */
  method = '';
  uri = '';
  /** 0 in a request */
  status = 0;
  reason = '';
  readonly lines: HeaderLine[] = [];
  body = '';
  #via: Via | undefined;
  #cseq: CSeq | undefined;
  #fromTag: string | undefined;
  #toTag: string | undefined;

  static request(method: string, uri: string): SipMessage {
    const message = new SipMessage();
    message.method = method;
    message.uri = uri;
    return message;
  }

  static response(status: number, reason: string): SipMessage {
    const message = new SipMessage();
    message.status = status;
    message.reason = reason;
    return message;
  }

  first(key: string): string | undefined {
    for (const line of this.lines) if (line.key === key) return line.value;
    return undefined;
  }

  /** Every value of a header that may be a comma list, in order (RFC 3261 §7.3.1). */
  all(key: string): string[] {
    return this.lines.filter((line) => line.key === key).flatMap((line) => cutList(line.value));
  }

  has(key: string): boolean {
    return this.first(key) !== undefined;
  }

  add(name: string, value: string): this {
    const { key, name: printed } = headerName(name);
    this.lines.push({ key, name: printed, value });
    return this;
  }

  /** The topmost Via, or undefined when there is none that can be read. */
  get via(): Via | undefined {
    if (!this.#via) {
      const top = this.first('via');
      this.#via = top === undefined ? undefined : parseVia(cutList(top)[0] ?? '');
    }
    return this.#via;
  }

  get cseq(): CSeq | undefined {
    this.#cseq ??= parseCSeq(this.first('cseq'));
    return this.#cseq;
  }

  get callId(): string {
    return this.first('call-id') ?? '';
  }

  /** The tag of From, '' when it has none. */
  get fromTag(): string {
    this.#fromTag ??= tagOf(this.first('from') ?? '');
    return this.#fromTag;
  }

  get toTag(): string {
    this.#toTag ??= tagOf(this.first('to') ?? '');
    return this.#toTag;
  }

  /** Does a token list header (Require, Supported …) name this token? */
  lists(key: string, token: string): boolean {
    return this.all(key).some((value) => value.toLowerCase() === token);
  }

  print(): string {
    let text = this.status
      ? `SIP/2.0 ${this.status} ${this.reason}\r\n`
      : `${this.method} ${this.uri} SIP/2.0\r\n`;
    for (const line of this.lines) text += `${line.name}: ${line.value}\r\n`;
    return `${text}\r\n${this.body}`;
  }
}

function parseCSeq(value: string | undefined): CSeq | undefined {
  const parts = /^(\d{1,10})\s+([^\s]+)\s*$/.exec(value ?? '');
  if (!parts?.[1] || !parts[2]) return undefined;
  const number = Number(parts[1]);
  return number < 2 ** 32 ? { number, method: parts[2] } : undefined; // RFC 3261 §20.16: 32 bits
}
