import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A message as the far side of a call reads it; header look-ups ignore case. */
export interface Heard {
  readonly text: string;
  readonly startLine: string;
  readonly body: string;
  /** '' when absent; several values joined by a comma */
  header(name: string): string;
}

function read(text: string): Heard {
  const end = text.indexOf('\r\n\r\n');
  const [startLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const header = (name: string) =>
    lines
      .filter((line) => line.slice(0, line.indexOf(':')).toLowerCase() === name.toLowerCase())
      .map((line) => line.slice(line.indexOf(':') + 1).trim())
      .join(', ');
  return { text, startLine, body: text.slice(end + 4), header };
}

let serial = 0;
export const fresh = (prefix: string): string => `${prefix}${process.pid}x${++serial}`;

export const sdp = (port = 4000): string =>
  `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n`;

export interface RequestParts {
  readonly callId?: string;
  readonly cseq?: number;
  readonly fromTag?: string;
  readonly to?: string;
  readonly uri?: string;
  readonly branch?: string;
  readonly body?: string;
  readonly headers?: readonly string[];
  readonly contact?: string;
  readonly maxForwards?: string;
}

export type PeerProtocol = 'UDP' | 'TCP' | 'TLS' | 'WS' | 'WSS';

/** The far end of a call on a real socket. It does nothing by itself: each test says what it sends. */
export class SipPeer implements AsyncDisposable {
  readonly port: number;
  readonly protocol: PeerProtocol;
  readonly heard: Heard[] = [];
  readonly #unread: Heard[] = [];
  #write: (text: string | Uint8Array) => void;
  #close: () => Promise<void>;
  readonly #waiting: { matches: (message: Heard) => boolean; found: (message: Heard) => void }[] = [];

  private constructor(
    protocol: PeerProtocol,
    port: number,
    write: (text: string | Uint8Array) => void,
    close: () => Promise<void>,
  ) {
    this.protocol = protocol;
    this.port = port;
    this.#write = write;
    this.#close = close;
  }

  /** On a way that the caller has opened; `take` is to be called with each message that comes by it. */
  static over(
    protocol: PeerProtocol,
    port: number,
    write: (text: string | Uint8Array) => void,
    close: () => Promise<void>,
  ): { readonly peer: SipPeer; take(text: string): void } {
    const peer = new SipPeer(protocol, port, write, close);
    return { peer, take: (text) => peer.#take(text) };
  }

  static async udp(serverPort: number): Promise<SipPeer> {
    const socket: UdpSocket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const write = (text: string | Uint8Array) => socket.send(text, serverPort, '127.0.0.1');
    const close = () => new Promise<void>((done) => socket.close(() => done()));
    const peer = new SipPeer('UDP', socket.address().port, write, close);
    socket.on('message', (data) => peer.#take(data.toString('utf8')));
    return peer;
  }

  /** Connected to the server; what the server opens to `port` is read as well. */
  static async tcp(serverPort: number): Promise<SipPeer> {
    const own: Server = createServer();
    own.listen(0, '127.0.0.1');
    await once(own, 'listening');
    const address = own.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const all = new Set<Socket>();
    const socket = connect(serverPort, '127.0.0.1');
    await once(socket, 'connect');
    let last = socket;
    const close = async () => {
      for (const one of all) one.destroy();
      await new Promise<void>((done) => own.close(() => done()));
    };
    const peer = new SipPeer('TCP', address.port, (text) => last.write(text), close);
    const follow = (one: Socket) => {
      all.add(one);
      one.on('error', () => {});
      let held = Buffer.alloc(0);
      one.on('data', (data) => {
        last = one;
        held = Buffer.concat([held, data]);
        for (;;) {
          while (held[0] === 0x0d || held[0] === 0x0a) held = held.subarray(1);
          const end = held.indexOf('\r\n\r\n');
          const length = Number(/content-length:\s*(\d+)/i.exec(held.toString('latin1'))?.[1] ?? 0);
          if (end < 0 || held.length < end + 4 + length) return;
          peer.#take(held.toString('utf8', 0, end + 4 + length));
          held = held.subarray(end + 4 + length);
        }
      });
    };
    follow(socket);
    own.on('connection', follow);
    return peer;
  }

  #take(text: string): void {
    const message = read(text);
    this.heard.push(message);
    this.#unread.push(message);
    const index = this.#waiting.findIndex((one) => one.matches(message));
    if (index < 0) return;
    this.#unread.pop();
    this.#waiting.splice(index, 1)[0]?.found(message);
  }

  send(text: string | Uint8Array): void {
    this.#write(text);
  }

  /** The first message whose start line matches that no earlier call has returned, as soon as it is there. */
  next(startLine: RegExp): Promise<Heard> {
    return this.until((message) => startLine.test(message.startLine));
  }

  until(matches: (message: Heard) => boolean): Promise<Heard> {
    const index = this.#unread.findIndex(matches);
    const [there] = index < 0 ? [] : this.#unread.splice(index, 1);
    return there ? Promise.resolve(there) : new Promise((found) => this.#waiting.push({ matches, found }));
  }

  count(startLine: RegExp): number {
    return this.heard.filter((message) => startLine.test(message.startLine)).length;
  }

  get contact(): string {
    const transport = this.protocol === 'UDP' ? '' : `;transport=${this.protocol.toLowerCase()}`;
    return `<sip:peer@${this.sentBy}${transport}>`;
  }

  /** A browser does not know its address: RFC 7118 §5. */
  get sentBy(): string {
    return this.protocol.startsWith('WS') ? 'browser.invalid' : `127.0.0.1:${this.port}`;
  }

  request(method: string, serverPort: number, parts: RequestParts = {}): string {
    const uri = parts.uri ?? `sip:app@127.0.0.1:${serverPort}`;
    const body = parts.body ?? '';
    const lines = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/${this.protocol} ${this.sentBy};rport;branch=${parts.branch ?? fresh('z9hG4bK')}`,
      `Max-Forwards: ${parts.maxForwards ?? '70'}`,
      `From: <sip:peer@127.0.0.1:${this.port}>;tag=${parts.fromTag ?? 'peer'}`,
      `To: ${parts.to ?? `<sip:app@127.0.0.1:${serverPort}>`}`,
      `Call-ID: ${parts.callId ?? fresh('call-')}`,
      `CSeq: ${parts.cseq ?? 1} ${method}`,
      `Contact: ${parts.contact ?? this.contact}`,
      ...(parts.headers ?? []),
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    return `${lines.join('\r\n')}\r\n\r\n${body}`;
  }

  /** A response to what was heard, From, Call-ID and CSeq as they came. */
  reply(
    to: Heard,
    status: string,
    parts: { toTag?: string; body?: string; headers?: readonly string[]; contact?: string } = {},
  ): void {
    const body = parts.body ?? '';
    const tag =
      to.header('to').includes('tag=') || status.startsWith('100') ? '' : `;tag=${parts.toTag ?? 'callee'}`;
    const lines = [
      `SIP/2.0 ${status}`,
      `Via: ${to.header('via')}`,
      ...(to.header('record-route') === '' ? [] : [`Record-Route: ${to.header('record-route')}`]),
      `From: ${to.header('from')}`,
      `To: ${to.header('to')}${tag}`,
      `Call-ID: ${to.header('call-id')}`,
      `CSeq: ${to.header('cseq')}`,
      `Contact: ${parts.contact ?? this.contact}`,
      ...(parts.headers ?? []),
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    this.send(`${lines.join('\r\n')}\r\n\r\n${body}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
