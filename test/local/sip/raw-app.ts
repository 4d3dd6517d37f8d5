import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An application that speaks the protocol frame by frame, to say what drachtio-srf never would. */
export class RawApp {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  readonly frames: string[] = [];
  #held: Buffer = Buffer.alloc(0);
  readonly #waiting: { matches: (frame: string) => boolean; found: (frame: string) => void }[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = once(socket, 'close');
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('data', (chunk) => this.#read(chunk));
  }

  static async connect(admin: { host: string; port: number }): Promise<RawApp> {
    const socket = connect(admin.port, admin.host);
    await once(socket, 'connect');
    return new RawApp(socket);
  }

  static frame(payload: string): string {
    return `${Buffer.byteLength(payload)}#${payload}`;
  }

  /** Send a command and wait for its answer: everything after the id that it answers. */
  async ask(command: string): Promise<string> {
    const id = randomUUID();
    this.socket.write(RawApp.frame(`${id}|${command}`));
    const answer = await this.until((frame) => frame.includes(`|response|${id}|`));
    return answer.slice(answer.indexOf(id) + id.length + 1);
  }

  until(matches: (frame: string) => boolean): Promise<string> {
    const there = this.frames.find(matches);
    return there === undefined
      ? new Promise((found) => this.#waiting.push({ matches, found }))
      : Promise.resolve(there);
  }

  close(): void {
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#held = Buffer.concat([this.#held, chunk]);
    for (;;) {
      const hash = this.#held.indexOf('#');
      const end = hash + 1 + Number(this.#held.toString('latin1', 0, Math.max(0, hash)));
      if (hash < 0 || this.#held.length < end) return;
      const frame = this.#held.toString('utf8', hash + 1, end);
      this.#held = this.#held.subarray(end);
      this.frames.push(frame);
      const index = this.#waiting.findIndex((one) => one.matches(frame));
      if (index >= 0) this.#waiting.splice(index, 1)[0]?.found(frame);
    }
  }
}
